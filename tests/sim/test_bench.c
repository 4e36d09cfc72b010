/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "sim/bench.h"

static struct oac_rig read_rig(const char *name, const char *const *sets, size_t count)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read(name, sets, count, &rig, NULL, &err), OAC_OK, "%s", err.message);
    return rig;
}

static struct oac_bench *made(const struct oac_rig *rig)
{
    struct oac_bench *bench = NULL;
    struct oac_err err;
    cr_assert_eq(oac_bench_create(rig, &bench, &err), OAC_OK, "%s", err.message);
    return bench;
}

Test(bench, without_spreads_every_channel_is_nominal)
{
    struct oac_rig rig = read_rig("bench-100", NULL, 0);
    struct oac_bench *bench = made(&rig);
    cr_assert_eq(bench->channels, 100);
    for (size_t k = 0; k < bench->channels; k++) {
        const struct oac_bench_channel *channel = &bench->channel[k];
        cr_assert_eq(channel->power_w, oac_watts_from_dbm(rig.laser.power_dbm));
        cr_assert_eq(channel->weight.vpi_v, rig.weight_modulator.vpi_v);
        cr_assert_eq(channel->weight.vpeak_v, rig.weight_modulator.bias_v);
        cr_assert_eq(channel->client.vpi_v, rig.client_modulator.vpi_v);
        cr_assert_eq(channel->gain, 1.0);
        cr_assert_eq(channel->adc->offset_v, 0.0);
        cr_assert_null(channel->weight_dac->error_v);
        cr_assert_eq(channel->delay_s + channel->predelay_s, 0.0);
        cr_assert(channel->ase_w_per_hz > 0.0);
    }
    oac_bench_destroy(bench);
}

Test(bench, vpi_of_the_client_is_proportional_to_wavelength)
{
    struct oac_rig rig = read_rig("netcast-86km", NULL, 0);
    struct oac_bench *bench = made(&rig);
    for (size_t k = 0; k < bench->channels; k++) {
        const struct oac_bench_channel *channel = &bench->channel[k];
        double stretch = channel->client.vpi_v / bench->channel[0].client.vpi_v;
        cr_assert_float_eq(stretch, bench->channel[0].frequency_hz / channel->frequency_hz,
                           1e-14);
        cr_assert_eq(channel->client.vpeak_v, bench->channel[0].client.vpeak_v);
    }
    /* 3 THz of 193.4 THz */
    cr_assert_float_eq(bench->channel[0].client.vpi_v / bench->channel[15].client.vpi_v, 1.0156,
                       1e-4);
    oac_bench_destroy(bench);
}

static double deviation(const double *x, size_t count, double centre)
{
    double sum2 = 0.0;
    for (size_t i = 0; i < count; i++)
        sum2 += (x[i] - centre) * (x[i] - centre);
    return sqrt(sum2 / (double)count);
}

Test(bench, spreads_have_the_sigma_of_the_rig)
{
    enum { CHANNELS = 1000 };
    const char *sets[] = {"channels=1000",
                          "laser.grid_hz=0",
                          "laser.power_spread_db=0.5",
                          "weight_modulator.vpi_spread=0.01",
                          "weight_modulator.bias_spread_v=0.02",
                          "detector.gain_spread_db=0.3",
                          "adc.offset_spread_v=0.004"};
    struct oac_rig rig = read_rig("bench-100", sets, sizeof sets / sizeof sets[0]);
    struct oac_bench *bench = made(&rig);
    static double power_db[CHANNELS], vpi[CHANNELS], bias_v[CHANNELS], gain_db[CHANNELS],
        offset_v[CHANNELS];
    for (size_t k = 0; k < CHANNELS; k++) {
        const struct oac_bench_channel *channel = &bench->channel[k];
        power_db[k] = 10.0 * log10(channel->power_w / 1e-3);
        vpi[k] = channel->weight.vpi_v / 3.0;
        bias_v[k] = channel->weight.vpeak_v;
        gain_db[k] = 10.0 * log10(channel->gain);
        offset_v[k] = channel->adc->offset_v;
    }
    double error = 4.0 / sqrt(2.0 * CHANNELS); /* of a standard deviation, relative */
    cr_assert_float_eq(deviation(power_db, CHANNELS, 0.0) / 0.5, 1.0, error);
    cr_assert_float_eq(deviation(vpi, CHANNELS, 1.0) / 0.01, 1.0, error);
    cr_assert_float_eq(deviation(bias_v, CHANNELS, 3.0) / 0.02, 1.0, error);
    cr_assert_float_eq(deviation(gain_db, CHANNELS, 0.0) / 0.3, 1.0, error);
    cr_assert_float_eq(deviation(offset_v, CHANNELS, 0.0) / 0.004, 1.0, error);
    oac_bench_destroy(bench);
}

Test(bench, more_channels_change_none_of_those_before)
{
    const char *few[] = {"laser.power_spread_db=0.5", "laser.grid_hz=0", "channels=4"};
    const char *many[] = {"laser.power_spread_db=0.5", "laser.grid_hz=0", "channels=9"};
    struct oac_rig small = read_rig("bench-100", few, 3),
                   large = read_rig("bench-100", many, 3);
    struct oac_bench *a = made(&small), *b = made(&large);
    for (size_t k = 0; k < 4; k++)
        cr_assert_eq(a->channel[k].power_w, b->channel[k].power_w);
    oac_bench_destroy(a);
    oac_bench_destroy(b);
}

Test(bench, another_bench_seed_is_another_bench)
{
    const char *seed[] = {"bench_seed=2"};
    struct oac_rig one = read_rig("netcast-local", NULL, 0),
                   two = read_rig("netcast-local", seed, 1);
    struct oac_bench *a = made(&one), *again = made(&one), *b = made(&two);
    size_t same = 0;
    for (size_t k = 0; k < a->channels; k++) {
        const struct oac_bench_channel *channel = &a->channel[k];
        cr_assert_eq(
            memcmp(&channel->weight, &again->channel[k].weight, sizeof channel->weight), 0);
        same += channel->weight.vpi_v == b->channel[k].weight.vpi_v;
        cr_assert_neq(memcmp(channel->weight_dac->error_v, b->channel[k].weight_dac->error_v,
                             channel->weight_dac->codes * sizeof(double)),
                      0);
    }
    cr_assert_eq(same, 0);
    oac_bench_destroy(a);
    oac_bench_destroy(again);
    oac_bench_destroy(b);
}

Test(bench, walk_off_remains_when_it_is_not_precompensated)
{
    const char *set[] = {"fiber.precompensate=no"};
    struct oac_rig rig = read_rig("netcast-86km", set, 1);
    struct oac_bench *bench = made(&rig);
    double first_s = bench->channel[0].delay_s, last_s = bench->channel[15].delay_s;
    cr_assert_float_eq(first_s - last_s, 35.1e-9, 0.7e-9); /* reference row 7, 2 % */
    cr_assert_eq(bench->channel[0].predelay_s, 0.0);
    oac_bench_destroy(bench);
}

Test(bench, destroying_nothing_is_fine)
{
    oac_bench_destroy(NULL);
}
