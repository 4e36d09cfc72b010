/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normal variates of base/kernel.h: Philox4x32-10 and Box-Muller, LANES blocks at a time in
 * loops that the compiler turns into vector code. Included by kernel_impl.h only.
 *
 * Block (w0, w1, w2, w3) gives r0 cos a0, r0 sin a0, r1 cos a1, r1 sin a1 with r = sqrt(-2 ln
 * u), u from w0 (w2), and a = 2 pi w1 2^-32 (w3). Polynomials are Taylor series about the
 * centre of a reduced range, cut where the next term is below 3e-8; tests/base/test_kernel.c
 * bounds the whole against double precision. */

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

/* Philox runs on 64-bit lanes, a block in each: words sit in the low halves, where the products need them, and
 * what collects in the high halves is never looked at. */
#define GROUP (VECTOR / 2) /* blocks per register */
#define TOGETHER \
    (VECTOR / 4) /* groups whose words and products fit the registers of the level */
#define LANES (GROUP * TOGETHER)

/* Ten rounds on `groups` groups of blocks. */
OAC_INLINE void philox_rounds(const int groups, vector_u64 x[4][TOGETHER], uint64_t seed)
{
    const vector_u64 zero = {0};
    const vector_u64 m0 = zero + 0xD2511F53u, m1 = zero + 0xCD9E8D57u;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < groups; i++) {
            vector_u64 p0 = multiply_low(x[0][i], m0);
            vector_u64 p1 = multiply_low(x[2][i], m1);
            x[0][i] = (p1 >> 32) ^ x[1][i] ^ (zero + k0);
            x[2][i] = (p0 >> 32) ^ x[3][i] ^ (zero + k1);
            x[1][i] = p1;
            x[3][i] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Counters of QUEUE blocks, written well before they are read: a wide load of what has just been stored in
 * narrow pieces waits. STEP more, because rows are written in steps of STEP. */
#define QUEUE 256
#define STEP  32
struct counters {
    uint32_t low[QUEUE + STEP], high[QUEUE + STEP], sub[QUEUE + STEP];
};

/* `count` blocks from number `sub` on of the row at `index`, to place `at`. */
OAC_INLINE void count_row(struct counters *counters, size_t at, size_t count, uint64_t index,
                          uint32_t sub)
{
    for (size_t first = 0; first < count; first += STEP)
        for (size_t i = 0; i < STEP; i++) {
            counters->low[at + first + i] = (uint32_t)index;
            counters->high[at + first + i] = (uint32_t)(index >> 32);
            counters->sub[at + first + i] = sub + (uint32_t)(first + i);
        }
}

/* 4 GROUP `groups` variates from the counters at `at`. The two words that give radii, and the two that give
 * angles, are put side by side in their block's 64 bits: as an array of 32-bit words they are then in the
 * order of the pairs that they become. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first word is the low half");
OAC_INLINE void normal_groups(const int groups, uint64_t seed, uint32_t stream,
                              const struct counters *counters, size_t at, float *z)
{
    const vector_u64 zero = {0}, low = zero + 0xffffffffu;
    vector_u64 x[4][TOGETHER], radius[TOGETHER], angle[TOGETHER];
    for (int i = 0; i < groups; i++, at += GROUP) {
        x[0][i] = load_u32_wide(counters->low + at);
        x[1][i] = load_u32_wide(counters->high + at);
        x[2][i] = load_u32_wide(counters->sub + at);
        x[3][i] = zero + stream;
    }
    philox_rounds(groups, x, seed);
    for (int i = 0; i < groups; i++) {
        radius[i] = (x[0][i] & low) | (x[2][i] << 32);
        angle[i] = (x[1][i] & low) | (x[3][i] << 32);
    }
    uint32_t word_radius[2 * LANES], word_angle[2 * LANES];
    memcpy(word_radius, radius, (size_t)groups * sizeof *radius);
    memcpy(word_angle, angle, (size_t)groups * sizeof *angle);
    for (int i = 0; i < 2 * GROUP * groups; i++) {
        float pair[2];
        normal_pair(word_radius[i], word_angle[i], &pair[0], &pair[1]);
        z[2 * i] = pair[0];
        z[2 * i + 1] = pair[1];
    }
}

/* `count` blocks, no more than LANES: as many groups as they need. */
OAC_INLINE void normal_rest(size_t count, uint64_t seed, uint32_t stream,
                            const struct counters *counters, size_t at, float *z)
{
    float all[4 * LANES];
    if (count > LANES / 2)
        normal_groups(TOGETHER, seed, stream, counters, at, all);
    else if (TOGETHER > 2 && count <= GROUP)
        normal_groups(1, seed, stream, counters, at, all);
    else
        normal_groups((TOGETHER + 1) / 2, seed, stream, counters, at, all);
    memcpy(z, all, 4 * count * sizeof *z);
}

static void OAC_AT_LEVEL(normals)(uint64_t seed, uint32_t stream, size_t count,
                                  const uint64_t *index, uint32_t blocks, float *z)
{
    struct counters counters;
    size_t row = 0;
    uint32_t sub = 0;
    for (size_t left = count * blocks; left;) {
        const size_t queued = left < QUEUE ? left : QUEUE;
        size_t filled = 0;
        for (size_t at = 0; at < queued;) {
            size_t take = blocks - sub < queued - at ? blocks - sub : queued - at;
            count_row(&counters, at, take, index[row], sub);
            filled = at + (take + STEP - 1) / STEP * STEP;
            at += take;
            sub += (uint32_t)take;
            if (sub == blocks) {
                sub = 0;
                row++;
            }
        }
        if (filled < (queued + LANES - 1) / LANES * LANES)
            count_row(&counters, queued, 1, 0, 0); /* fills up the last LANES */
        size_t done = 0;
        for (; done + LANES <= queued; done += LANES)
            normal_groups(TOGETHER, seed, stream, &counters, done, z + 4 * done);
        if (done < queued)
            normal_rest(queued - done, seed, stream, &counters, done, z + 4 * done);
        z += 4 * queued;
        left -= queued;
    }
}
