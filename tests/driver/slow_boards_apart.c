/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights on one board, client on another whose declared rate is another. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>

#include "tests/driver/boards_play.h"

/* An AD3552R plays slots of twenty samples; nine of an ADALM2000 at 7.5 MS/s are 2e-4 longer and resampled. */
Test(slow_boards_apart, outputs_whose_declared_rates_differ_are_fitted_together, .timeout = 60)
{
    static float same[WINDOWS], apart[WINDOWS];
    const char *sets[] = {"iio.board=server=ad3552r, client=m2k",
                          "iio.weight_ports=server/dac-a",
                          "iio.client_port=server/dac-b",
                          "iio.readout_ports=client/adc-1",
                          "slot_rate_hz=833500",
                          "wave.samples_per_slot=180",
                          "weight_dac.samples_per_slot=20",
                          "client_dac.samples_per_slot=20",
                          "receiver.bandwidth_hz=20e6",
                          "adc.enob_bits=none"};
    measure(sets, sizeof sets / sizeof sets[0], same);
    sets[2] = "iio.client_port=client/dac-b";
    sets[7] = "client_dac.samples_per_slot=9";
    measure(sets, sizeof sets / sizeof sets[0], apart);
    for (size_t b = 0; b < WINDOWS; b++)
        cr_expect(fabs((double)apart[b] - (double)same[b]) < ENDS + BESIDE, "%g, not %g",
                  (double)apart[b], (double)same[b]);
}
#else
typedef int oac_no_libiio;
#endif
