/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "sim/noise.h"
#include "tests/sim/server_fixture.h"

Test(wave_server, a_still_weight_gives_the_modulator_s_field_times_the_path)
{
    const char *const sets[] = {"fiber.length_m=10e3", "fiber.loss_db_per_km=0.2",
                                "weight_modulator.er_db=20", "weight_modulator.il_db=3", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 12, 4, false);
    server_scatter(&f, 1);
    server_build(&f);
    for (size_t k = 0; k < 2; k++) {
        server_window(&f, k, 7);
        const struct oac_bench_channel *channel = &f.wave.bench->channel[k];
        for (size_t n = 0; n < f.frame.slots; n++) {
            uint16_t code = f.frame.code[k * f.frame.slots + n];
            double complex first;
            oac_mzm_field(&channel->weight, oac_dac_voltage(channel->weight_dac, code), &first,
                          NULL);
            first *= sqrt(1e-3 * pow(10.0, -0.2));
            for (size_t i = n * 8; i < n * 8 + 8; i++) {
                cr_assert_float_eq(f.field[2 * i], creal(first), 1e-6 * sqrt(1e-3));
                cr_assert_float_eq(f.field[2 * i + 1], cimag(first), 1e-6 * sqrt(1e-3));
                cr_assert_float_eq(f.frame.power[k * f.frame.samples + i],
                                   creal(first * conj(first)), 1e-6 * 1e-3);
            }
        }
    }
    server_close(&f);
}
