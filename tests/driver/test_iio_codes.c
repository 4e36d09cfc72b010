/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With noise off, a board's codes are the simulator's, every one of them. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>

#include "sim/noise.h"
#include "sim/waveform/waveform.h"
#include "tests/driver/iio_fixture.h"
#include "tests/driver/iio_steady.h"

/* Codes of a that are not those of b `shift` samples on. */
static size_t unlike(const struct iio_steady *a, const struct iio_steady *b, size_t s,
                     size_t shift)
{
    size_t count = 0;
    for (size_t i = 0; i + shift < a->picks; i++)
        count += a->rx[s][i] != b->rx[s][i + shift];
    return count;
}

/* m2k-bench, whose converters are the board's one to one, with rounding as the only noise. */
Test(iio_codes, with_noise_off_every_code_is_that_of_the_simulator, .timeout = 120)
{
    static struct iio_fixture bench;
    static struct iio_steady iio, wave;
    struct oac_stream board, simulator;
    struct oac_err err;
    cr_assert_null(iio_fixture_describe(&bench, &err));
    bench.noise = OAC_NOISE_ADC;
    bench.rig.adc.enob_bits = INFINITY; /* and nothing beyond rounding */
    cr_assert_null(iio_fixture_start(&bench, "127.0.0.1:0", &err));
    cr_assert_eq(oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, NULL, &board, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(
        oac_waveform_open(&bench.rig, bench.hash, OAC_NOISE_ADC, 1, NULL, &simulator, &err),
        OAC_OK, "%s", err.message);
    cr_assert_eq(iio_steady_burst(&board, board.caps, &iio, 0, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(iio_steady_burst(&simulator, board.caps, &wave, 0, &err), OAC_OK, "%s",
                 err.message);
    for (size_t s = 0; s < IIO_STEADY_SEGMENTS; s++) {
        size_t least = wave.picks, at = 0;
        for (size_t shift = 0; shift <= 2 * wave.per_slot; shift++)
            if (unlike(&wave, &iio, s, shift) < least) {
                at = shift;
                least = unlike(&wave, &iio, s, shift);
            }
        cr_expect_eq(least, 0, "segment %zu: %zu of %zu codes differ, %zu samples late", s,
                     least, wave.picks - at, at);
    }
    oac_stream_close(&board);
    oac_stream_close(&simulator);
    iio_fixture_kill(&bench);
}
#else
typedef int oac_no_libiio;
#endif
