/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/noise.h"
#include "sim/panel.h"

static const uint8_t hash[32] = {7, 8, 9};

struct fixture {
    struct oac_rig rig;
    struct oac_bench *bench;
    struct oac_panel panel;
};

static void fixture_open(struct fixture *f, const char *rig, uint32_t noise)
{
    struct oac_err err;
    cr_assert_eq(oac_rig_read(rig, NULL, 0, &f->rig, NULL, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_bench_create(&f->rig, &f->bench, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(
        oac_panel_init(&f->panel, &f->rig, f->bench, noise, "wave", "waveform 1", hash, &err),
        OAC_OK, "%s", err.message);
}

static void fixture_close(struct fixture *f)
{
    oac_panel_fini(&f->panel);
    oac_bench_destroy(f->bench);
}

Test(panel, shows_the_engine_and_the_rig_in_its_identity)
{
    struct fixture f;
    fixture_open(&f, "netcast-86km", OAC_NOISE_ALL);
    cr_assert_str_eq(f.panel.caps.device_id, "wave:netcast-86km");
    cr_assert_str_eq(f.panel.caps.firmware, "waveform 1");
    cr_assert_arr_eq(f.panel.caps.rig_hash, hash, sizeof hash);
    cr_assert_eq(f.panel.caps.channels, 16);
    cr_assert_eq(f.panel.caps.nominal->channels, 16);
    cr_assert(f.panel.caps.adc_rounds);
    fixture_close(&f);
}

Test(panel, ports_rest_at_the_code_nearest_to_dark)
{
    struct fixture f;
    fixture_open(&f, "netcast-86km", OAC_NOISE_NONE);
    const struct oac_port *ports[] = {&f.panel.caps.weight[15], f.panel.caps.client};
    const struct oac_rig_modulator *modulators[] = {&f.rig.weight_modulator,
                                                    &f.rig.client_modulator};
    for (size_t i = 0; i < 2; i++) {
        const struct oac_port *port = ports[i];
        double null_v = modulators[i]->bias_v - modulators[i]->vpi_v;
        double safe_v = port->v0_v + port->lsb_v * port->code_safe;
        cr_assert_leq(fabs(safe_v - null_v), 0.5 * port->lsb_v * (1.0 + 1e-9),
                      "port %zu rests at %g V", i, safe_v);
    }
    cr_assert_not(f.panel.caps.adc_rounds);
    fixture_close(&f);
}

Test(panel, a_detector_pair_is_differential)
{
    static const struct {
        const char *pair, *dual;
        bool differential;
    } rows[] = {{"detector.pair=yes", "weight_modulator.dual_output=yes", true},
                {"detector.pair=no", "weight_modulator.dual_output=no", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        struct oac_err err;
        const char *sets[] = {rows[i].pair, rows[i].dual};
        cr_assert_eq(oac_rig_read("netcast-86km", sets, 2, &f.rig, NULL, &err), OAC_OK, "%s",
                     err.message);
        cr_assert_eq(oac_bench_create(&f.rig, &f.bench, &err), OAC_OK);
        cr_assert_eq(oac_panel_init(&f.panel, &f.rig, f.bench, 0, "sim", "1", hash, &err),
                     OAC_OK);
        cr_assert_eq(f.panel.caps.differential, rows[i].differential);
        fixture_close(&f);
    }
}

Test(panel, every_setting_has_a_place_of_its_own)
{
    struct fixture f;
    fixture_open(&f, "netcast-86km", OAC_NOISE_NONE);
    for (int s = 0; s < OAC_SETTINGS; s++) {
        double *field = oac_panel_setting(&f.panel, (enum oac_setting)s, 0);
        cr_assert_not_null(field);
        *field = 1000.0 + s;
    }
    for (int s = 0; s < OAC_SETTINGS; s++)
        cr_assert_eq(*oac_panel_setting(&f.panel, (enum oac_setting)s, 0), 1000.0 + s);
    cr_assert_eq(f.panel.laser_on[1], 1.0, "channel 1 was not asked for");
    fixture_close(&f);
}

Test(panel, a_setting_takes_its_step_and_says_whether_it_changed)
{
    struct fixture f;
    double readback = 0.0;
    fixture_open(&f, "netcast-86km", OAC_NOISE_NONE);
    f.panel.caps.settings[OAC_PREDELAY_S].step = 2e-12;
    cr_assert(oac_panel_set(&f.panel, OAC_PREDELAY_S, 3, 7.2e-12, &readback));
    cr_assert_float_eq(readback, 8e-12, 1e-24);
    cr_assert_not(oac_panel_set(&f.panel, OAC_PREDELAY_S, 3, 8.3e-12, &readback),
                  "the same step again");
    cr_assert_float_eq(readback, 8e-12, 1e-24);
    fixture_close(&f);
}

Test(panel, dark_puts_out_every_laser)
{
    struct fixture f;
    fixture_open(&f, "bench-100", OAC_NOISE_NONE);
    oac_panel_dark(&f.panel);
    for (size_t k = 0; k < 100; k++)
        cr_assert_eq(f.panel.laser_on[k], 0.0);
    cr_assert_eq(f.panel.laser_dbm[0], f.rig.laser.power_dbm, "the power setting stays");
    fixture_close(&f);
}

Test(panel, closing_one_that_never_opened_is_fine)
{
    struct oac_panel panel = {0};
    oac_panel_fini(&panel);
    cr_assert_null(panel.ports);
}
