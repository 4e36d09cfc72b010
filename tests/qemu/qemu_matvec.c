/* SPDX-License-Identifier: GPL-3.0-or-later */
/* y = W x with the products made by the kernel's loop: the weights of column n are the inputs' gains,
 * the n-th elements of all vectors x are samples, one a slot, on all outputs. What is left to this
 * program is the sum over n.
 *
 *     s = round(X x)     g = round(4096 w)     heard = round(g s / 4096)     y = sum_n heard / X
 * Each rounding is off by at most 1/2, and w is written with six decimals, so by up to 0.5e-6 more:
 *     |heard - w X x| <= |w|/2 + |s| (1/2 + 4096 0.5e-6)/4096 + 1/2 */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>

#include "base/rng.h"
#include "tests/qemu/loop_burst.h"

#define COLUMNS 10
#define VECTORS LOOP_PAYLOAD
#define X_FULL  4000.0 /* samples of x = 1; times the largest gain it stays in range */

static struct loop loop;

struct product {
    double w[LOOP_CHANNELS][COLUMNS], x[COLUMNS][VECTORS];
    int64_t exact[LOOP_CHANNELS][VECTORS], heard[LOOP_CHANNELS][VECTORS];
    double real[LOOP_CHANNELS][VECTORS], bound[LOOP_CHANNELS][VECTORS]; /* times X */
};

static void open_loop(void)
{
    loop_find(&loop);
    loop_reset(&loop);
}

static double uniform(uint64_t index, uint32_t use, double most)
{
    uint32_t word[4];
    oac_rng_words(33, OAC_RNG_TEST, index, use, word);
    return most * (2.0 * word[0] / 4294967295.0 - 1.0);
}

static void draw(struct product *p)
{
    for (size_t n = 0; n < COLUMNS; n++) {
        for (size_t k = 0; k < LOOP_CHANNELS; k++)
            p->w[k][n] = uniform(n * LOOP_CHANNELS + k, 0, 8.0);
        for (size_t b = 0; b < VECTORS; b++)
            p->x[n][b] = uniform(n * VECTORS + b, 1, 1.0);
        p->x[n][0] = 1.0;
        p->x[n][1] = -1.0;
    }
    p->w[0][0] = 8.0;
    p->w[1][0] = -8.0;
    p->w[2][0] = 0.0;
    p->w[0][1] = 1.0 / 4096.0;
    p->w[1][1] = -1.0;
}

/* Column n goes into the inputs' gains; gain_q12 as they are read back. */
static void set_weights(const struct product *p, size_t n, struct oac_stream *stream,
                        int32_t gain_q12[LOOP_CHANNELS])
{
    struct oac_err err;
    for (size_t k = 0; k < LOOP_CHANNELS; k++) {
        double got = NAN;
        cr_assert_eq(stream->ops->set(stream->self, OAC_RX_GAIN, k, p->w[k][n], &got, &err),
                     OAC_OK, "%s", err.message);
        gain_q12[k] = (int32_t)lrint(got * LOOP_UNITY);
    }
}

static void play_column(struct product *p, size_t n, struct oac_stream *stream)
{
    static struct loop_burst burst;
    int32_t gain_q12[LOOP_CHANNELS];
    set_weights(p, n, stream, gain_q12);
    loop_burst_rest(&burst, 1);
    for (size_t k = 0; k < LOOP_CHANNELS; k++)
        for (size_t b = 0; b < VECTORS; b++)
            burst.code[0][k][LOOP_GUARD + b] =
                (uint16_t)(LOOP_ZERO + lrint(X_FULL * p->x[n][b]));
    loop_burst_play(&burst, stream);
    for (size_t k = 0; k < LOOP_CHANNELS; k++)
        for (size_t b = 0; b < VECTORS; b++) {
            const int32_t s = (int32_t)lrint(X_FULL * p->x[n][b]);
            const double w = p->w[k][n];
            p->heard[k][b] +=
                lrintf(burst.heard[0][k][LOOP_GUARD + LOOP_DELAY + b]) - LOOP_ZERO;
            p->exact[k][b] += loop_hears(s, gain_q12[k], 0);
            p->real[k][b] += w * X_FULL * p->x[n][b];
            p->bound[k][b] += 0.5 * fabs(w) + abs(s) * (0.5 + 4096 * 0.5e-6) / 4096.0 + 0.5;
        }
}

Test(qemu_matvec, a_matrix_of_gains_times_vectors_of_samples_is_their_product,
     .init = open_loop, .timeout = 240)
{
    static struct product p;
    struct oac_stream stream = loop_stream(&loop);
    size_t inexact = 0;
    double most = 0.0, largest = 0.0;
    draw(&p);
    for (size_t n = 0; n < COLUMNS; n++)
        play_column(&p, n, &stream);
    oac_stream_close(&stream);
    for (size_t k = 0; k < LOOP_CHANNELS; k++)
        for (size_t b = 0; b < VECTORS; b++) {
            const double off = fabs((double)p.heard[k][b] - p.real[k][b]);
            inexact += p.heard[k][b] != p.exact[k][b];
            cr_expect_leq(off, p.bound[k][b], "row %zu, vector %zu", k, b);
            most = fmax(most, off);
            largest = fmax(largest, fabs(p.real[k][b]));
        }
    cr_expect_eq(inexact, 0);
    cr_expect_gt(largest / X_FULL, 8.0, "products that could be anything prove nothing");
    cr_log_info("largest |y| %.2f, largest error %.2e of it", largest / X_FULL, most / largest);
}
#else
typedef int oac_no_libiio;
#endif
