/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normal variates of base/kernel.h: Philox4x32-10 and Box-Muller, LANES blocks at a time in
 * loops that the compiler turns into vector code. Included by kernel_impl.h only.
 *
 * Block (w0, w1, w2, w3) gives r0 cos a0, r0 sin a0, r1 cos a1, r1 sin a1 with r = sqrt(-2 ln
 * u), u from w0 (w2), and a = 2 pi w1 2^-32 (w3). Polynomials are Taylor series about the
 * centre of a reduced range, cut where the next term is below 3e-8; tests/base/test_kernel.c
 * bounds the whole against double precision. */

#define LANES 32

/* ln(u), u in (0, 1]: u = 2^e (1+x) with 1+x in [sqrt(1/2), sqrt(2)); ln(1+x) = x - x^2/2 + x^3 P(x) with P an
 * own Chebyshev fit, 8e-9. */
OAC_INLINE float natural_log(float u)
{
    int32_t bits;
    memcpy(&bits, &u, sizeof bits);
    int32_t shifted = bits - 0x3f3504f3; /* sqrt(1/2) */
    int32_t exponent = shifted >> 23;
    int32_t mantissa_bits = (shifted & 0x007fffff) + 0x3f3504f3;
    float x;
    memcpy(&x, &mantissa_bits, sizeof x);
    x -= 1.0f;
    float p = fma_f32(x, -0.08100994676351547f, 0.12712013721466064f);
    p = fma_f32(x, p, -0.12972313165664673f);
    p = fma_f32(x, p, 0.14202220737934113f);
    p = fma_f32(x, p, -0.16642245650291443f);
    p = fma_f32(x, p, 0.20001466572284698f);
    p = fma_f32(x, p, -0.25000298023223877f);
    p = fma_f32(x, p, 0.333333283662796f);
    float q = x * x;
    float series = fma_f32(q, fma_f32(x, p, -0.5f), x);
    return fma_f32((float)exponent, 0.69314718f, series);
}

/* -x when sign is 0x80000000, x when it is 0. */
OAC_INLINE float negate_if(float x, uint32_t sign)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits ^= sign;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* One Box-Muller pair from two words. */
OAC_INLINE void normal_pair(uint32_t word_radius, uint32_t word_angle, float *z0, float *z1)
{
    /* (0, 1]: 2^-32 (w + 1/2), rounded. */
    float u = fma_f32((float)word_radius, 0x1p-32f, 0x1p-33f);
    float radius = __builtin_sqrtf(-2.0f * natural_log(u));

    /* a = (pi/2) (quadrant + t), |t| <= 1/2, exactly. Quadrant's two bits are the top ones of `turned`. */
    uint32_t turned = word_angle + 0x20000000u;
    float t = (float)((int32_t)(turned & 0x3fffffffu) - 0x20000000) * 0x1p-30f;
    float q = t * t;
    float sine =
        t *
        fma_f32(q,
                fma_f32(q,
                        fma_f32(q, fma_f32(q, 0.00016044118f, -0.0046817541f), 0.0796926262f),
                        -0.6459640975f),
                1.5707963268f);
    float cosine =
        fma_f32(q,
                fma_f32(q, fma_f32(q, fma_f32(q, 0.0009192603f, -0.0208634807f), 0.2536695079f),
                        -1.2337005501f),
                1.0f);
    bool odd = turned & 0x40000000u;
    float along_x = odd ? sine : cosine;
    float along_y = odd ? cosine : sine;
    *z0 = negate_if(radius * along_x, (turned + 0x40000000u) & 0x80000000u);
    *z1 = negate_if(radius * along_y, turned & 0x80000000u);
}

/* Ten rounds on TOGETHER groups of blocks. Words sit in the low halves of 64-bit lanes, where the products
 * need them; what collects in the high halves is never looked at. */
#define GROUP    (VECTOR / 2) /* blocks per register */
#define GROUPS   (LANES / GROUP)
#define TOGETHER 2 /* groups whose words and products fit the registers of every level */

OAC_INLINE void philox_rounds(vector_u64 x0[], vector_u64 x1[], vector_u64 x2[],
                              vector_u64 x3[], uint64_t seed)
{
    const vector_u64 zero = {0};
    const vector_u64 m0 = zero + 0xD2511F53u, m1 = zero + 0xCD9E8D57u;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < TOGETHER; i++) {
            vector_u64 p0 = multiply_low(x0[i], m0);
            vector_u64 p1 = multiply_low(x2[i], m1);
            x0[i] = (p1 >> 32) ^ x1[i] ^ (zero + k0);
            x2[i] = (p0 >> 32) ^ x3[i] ^ (zero + k1);
            x1[i] = p1;
            x3[i] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Counters of QUEUE blocks, written well before they are read: a wide load of what has just been stored in
 * narrow pieces waits. LANES more, because rows are written in steps of LANES. */
#define QUEUE (8 * LANES)
struct counters {
    uint32_t low[QUEUE + LANES], high[QUEUE + LANES], sub[QUEUE + LANES];
};

/* `count` blocks from number `sub` on of the row at `index`, to place `at`. */
OAC_INLINE void count_row(struct counters *counters, size_t at, size_t count, uint64_t index,
                          uint32_t sub)
{
    for (size_t first = 0; first < count; first += LANES)
        for (size_t i = 0; i < LANES; i++) {
            counters->low[at + first + i] = (uint32_t)index;
            counters->high[at + first + i] = (uint32_t)(index >> 32);
            counters->sub[at + first + i] = sub + (uint32_t)(first + i);
        }
}

/* LANES blocks from their counters. */
OAC_INLINE void normal_lanes(uint64_t seed, uint32_t stream, const struct counters *counters,
                             size_t at, float *z)
{
    vector_u64 x[4][GROUPS];
    uint64_t wide[4][LANES];
    for (int i = 0; i < LANES; i++) {
        wide[0][i] = counters->low[at + i];
        wide[1][i] = counters->high[at + i];
        wide[2][i] = counters->sub[at + i];
        wide[3][i] = stream;
    }
    memcpy(x, wide, sizeof x);
    for (int first = 0; first < GROUPS; first += TOGETHER)
        philox_rounds(x[0] + first, x[1] + first, x[2] + first, x[3] + first, seed);
    memcpy(wide, x, sizeof wide);
    for (int i = 0; i < LANES; i++) {
        float pair[4];
        normal_pair((uint32_t)wide[0][i], (uint32_t)wide[1][i], &pair[0], &pair[1]);
        normal_pair((uint32_t)wide[2][i], (uint32_t)wide[3][i], &pair[2], &pair[3]);
        z[4 * i] = pair[0];
        z[4 * i + 1] = pair[1];
        z[4 * i + 2] = pair[2];
        z[4 * i + 3] = pair[3];
    }
}

static void OAC_AT_LEVEL(normals)(uint64_t seed, uint32_t stream, size_t count,
                                  const uint64_t *index, uint32_t blocks, float *z)
{
    struct counters counters;
    size_t row = 0;
    uint32_t sub = 0;
    for (size_t left = count * blocks; left;) {
        const size_t queued = left < QUEUE ? left : QUEUE;
        for (size_t at = 0; at < queued;) {
            size_t take = blocks - sub < queued - at ? blocks - sub : queued - at;
            count_row(&counters, at, take, index[row], sub);
            at += take;
            sub += (uint32_t)take;
            if (sub == blocks) {
                sub = 0;
                row++;
            }
        }
        count_row(&counters, queued, 1, 0, 0); /* fills up the last LANES */
        size_t done = 0;
        for (; done + LANES <= queued; done += LANES)
            normal_lanes(seed, stream, &counters, done, z + 4 * done);
        if (done < queued) {
            float rest[4 * LANES];
            normal_lanes(seed, stream, &counters, done, rest);
            memcpy(z + 4 * done, rest, 4 * (queued - done) * sizeof *z);
        }
        z += 4 * queued;
        left -= queued;
    }
}
