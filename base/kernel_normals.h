/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normal variates of base/kernel.h: Philox4x32-10 and Box-Muller, LANES blocks at a time in
 * loops that the compiler turns into vector code. Included by kernel_impl.h only.
 *
 * Block (w0, w1, w2, w3) gives r0 cos a0, r0 sin a0, r1 cos a1, r1 sin a1 with r = sqrt(-2 ln
 * u), u from w0 (w2), and a = 2 pi w1 2^-32 (w3). Polynomials are Taylor series about the
 * centre of a reduced range, cut where the next term is below 3e-8; tests/base/test_kernel.c
 * bounds the whole against double precision. */

#define LANES 32

/* ln(u), u in (0, 1]: u = 2^e m with m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m-1)/(m+1)). */
OAC_INLINE float natural_log(float u)
{
    int32_t bits;
    memcpy(&bits, &u, sizeof bits);
    int32_t shifted = bits - 0x3f3504f3; /* sqrt(1/2) */
    int32_t exponent = shifted >> 23;
    int32_t mantissa_bits = (shifted & 0x007fffff) + 0x3f3504f3;
    float m;
    memcpy(&m, &mantissa_bits, sizeof m);
    float s = (m - 1.0f) / (m + 1.0f);
    float q = s * s;
    float series = fma_f32(
        q, fma_f32(q, fma_f32(q, fma_f32(q, 0.22222222f, 0.28571429f), 0.4f), 0.66666667f),
        2.0f);
    return fma_f32((float)exponent, 0.69314718f, s * series);
}

/* One Box-Muller pair from two words. */
OAC_INLINE void normal_pair(uint32_t word_radius, uint32_t word_angle, float *z0, float *z1)
{
    /* (0, 1]: 2^-32 (w + 1/2), rounded. */
    float u = fma_f32((float)word_radius, 0x1p-32f, 0x1p-33f);
    float radius = __builtin_sqrtf(-2.0f * natural_log(u));

    /* a = (pi/2) (quadrant + t), |t| <= 1/2, exactly. */
    uint32_t quadrant = (word_angle + 0x20000000u) >> 30;
    float t = (float)(int32_t)(word_angle - (quadrant << 30)) * 0x1p-30f;
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
    float along_x = quadrant & 1 ? sine : cosine;
    float along_y = quadrant & 1 ? cosine : sine;
    float sign_x = ((quadrant + 1) & 2) ? -radius : radius;
    float sign_y = (quadrant & 2) ? -radius : radius;
    *z0 = sign_x * along_x;
    *z1 = sign_y * along_y;
}

OAC_INLINE void philox_rounds(uint32_t x0[LANES], uint32_t x1[LANES], uint32_t x2[LANES],
                              uint32_t x3[LANES], uint64_t seed)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * x0[i];
            uint64_t p1 = (uint64_t)0xCD9E8D57u * x2[i];
            uint32_t y0 = (uint32_t)(p1 >> 32) ^ x1[i] ^ k0;
            uint32_t y2 = (uint32_t)(p0 >> 32) ^ x3[i] ^ k1;
            x0[i] = y0;
            x1[i] = (uint32_t)p1;
            x2[i] = y2;
            x3[i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* LANES blocks, of which `count` are wanted. */
OAC_INLINE void normal_lanes(uint64_t seed, uint32_t x0[LANES], uint32_t x1[LANES],
                             uint32_t x2[LANES], uint32_t x3[LANES], float *z)
{
    philox_rounds(x0, x1, x2, x3, seed);
    for (int i = 0; i < LANES; i++) {
        float pair[4];
        normal_pair(x0[i], x1[i], &pair[0], &pair[1]);
        normal_pair(x2[i], x3[i], &pair[2], &pair[3]);
        z[4 * i] = pair[0];
        z[4 * i + 1] = pair[1];
        z[4 * i + 2] = pair[2];
        z[4 * i + 3] = pair[3];
    }
}

static void OAC_AT_LEVEL(normals)(uint64_t seed, uint32_t stream, size_t count,
                                  const uint64_t *index, uint32_t blocks, float *z)
{
    size_t total = count * blocks;
    size_t row = 0;
    uint32_t sub = 0;
    for (size_t done = 0; done < total; done += LANES) {
        uint32_t x0[LANES], x1[LANES], x2[LANES], x3[LANES];
        for (int i = 0; i < LANES; i++) {
            uint64_t slot = index[row];
            x0[i] = (uint32_t)slot;
            x1[i] = (uint32_t)(slot >> 32);
            x2[i] = sub;
            x3[i] = stream;
            if (++sub == blocks) {
                sub = 0;
                if (row + 1 < count)
                    row++;
            }
        }
        if (done + LANES <= total) {
            normal_lanes(seed, x0, x1, x2, x3, z + 4 * done);
        } else {
            float rest[4 * LANES];
            normal_lanes(seed, x0, x1, x2, x3, rest);
            memcpy(z + 4 * done, rest, 4 * (total - done) * sizeof *z);
        }
    }
}
