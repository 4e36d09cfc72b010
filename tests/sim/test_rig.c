/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/components/amplifier.h"
#include "sim/components/fiber.h"
#include "sim/components/detector.h"
#include "sim/components/receiver.h"
#include "base/units.h"
#include "sim/rig.h"
#include "tests/support/tmpdir.h"

static const char *const SHIPPED[] = {"bench-100",    "fmcomms-bench", "ideal",
                                      "m2k-bench",    "netcast-86km",  "netcast-local",
                                      "netcast-snspd"};
enum { SHIPPED_COUNT = sizeof SHIPPED / sizeof SHIPPED[0] };

static struct oac_rig read_rig(const char *name)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read(name, NULL, 0, &rig, NULL, &err), OAC_OK, "%s", err.message);
    return rig;
}

/* Reads a shipped rig with one `--set`; requires a failure whose message holds every word. */
static void refused(const char *name, const char *set, const char *word, const char *other)
{
    struct oac_rig rig = {.channels = -7};
    struct oac_err err = {.status = OAC_OK};
    cr_assert_neq(oac_rig_read(name, &set, 1, &rig, NULL, &err), OAC_OK, "%s", set);
    cr_assert(strstr(err.message, word), "'%s' lacks '%s'", err.message, word);
    cr_assert(strstr(err.message, other), "'%s' lacks '%s'", err.message, other);
    cr_assert_eq(rig.channels, -7, "output untouched");
}

static void accepted(const char *name, const char *set)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read(name, &set, 1, &rig, NULL, &err), OAC_OK, "%s", err.message);
}

static void collect(void *context, const char *name, const char *path)
{
    size_t *count = context;
    cr_assert_lt(*count, SHIPPED_COUNT);
    cr_assert_str_eq(name, SHIPPED[*count]);
    cr_assert(strstr(path, name));
    ++*count;
}

Test(rig, shipped_rigs_are_listed_by_name)
{
    size_t count = 0;
    struct oac_err err;
    cr_assert_eq(oac_rig_list(collect, &count, &err), OAC_OK);
    cr_assert_eq(count, SHIPPED_COUNT);
}

static void no_warning(void *context, const char *line)
{
    cr_assert(false, "%s: %s", (const char *)context, line);
}

Test(rig, shipped_rigs_are_consistent_and_warn_of_nothing)
{
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        struct oac_rig rig = read_rig(SHIPPED[i]);
        cr_assert_str_eq(rig.name, SHIPPED[i]);
        oac_rig_warnings(&rig, no_warning, (void *)(uintptr_t)SHIPPED[i]);
    }
}

Test(rig, complete_text_reads_back_to_the_same_rig)
{
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        struct oac_rig rig, again;
        struct oac_err err;
        char *text = NULL, *second = NULL, dir[OAC_TEST_DIR_BYTES],
             path[OAC_TEST_DIR_BYTES + 16];
        const char *set = "laser.power_dbm=-10.1";
        cr_assert_eq(oac_rig_read(SHIPPED[i], &set, 1, &rig, &text, &err), OAC_OK);
        oac_test_dir_make(dir);
        oac_test_dir_path(dir, "rig.yaml", path);
        oac_test_file_put(path, text, strlen(text));
        cr_assert_eq(oac_rig_read(path, NULL, 0, &again, &second, &err), OAC_OK, "%s",
                     err.message);
        cr_assert_str_eq(text, second);
        cr_assert_eq(again.laser.power_dbm, -10.1);
        oac_test_dir_remove(dir);
        free(text);
        free(second);
    }
}

Test(rig, an_unknown_name_lists_what_there_is)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read("netcast", NULL, 0, &rig, NULL, &err), OAC_ENOTFOUND);
    cr_assert(strstr(err.message, "netcast-86km") && strstr(err.message, "ideal"));
    cr_assert_eq(oac_rig_read("", NULL, 0, &rig, NULL, &err), OAC_ENOTFOUND);
    cr_assert_neq(oac_rig_read("./no-such.yaml", NULL, 0, &rig, NULL, &err), OAC_OK);
    cr_assert_neq(oac_rig_read("/", NULL, 0, &rig, NULL, &err), OAC_OK);
    char name[6000];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    cr_assert_eq(oac_rig_read(name, NULL, 0, &rig, NULL, &err), OAC_EINVAL);
}

Test(rig, unknown_keys_and_values_out_of_range_name_key_and_value)
{
    refused("ideal", "laser.power_dmb=3", "laser.power_dmb", "laser.power_dbm");
    refused("ideal", "channels=0", "channels", "0");
    refused("ideal", "channels=2.5", "channels", "2.5");
    refused("ideal", "detector.quantum_efficiency=1.01", "quantum_efficiency", "1.01");
    refused("ideal", "slot_rate_hz=nan", "slot_rate_hz", "nan");
    refused("ideal", "slot_rate_hz=1e999", "slot_rate_hz", "1e999");
    refused("ideal", "client_modulator.vpi_v=0", "vpi_v", "0");
    refused("ideal", "client_modulator.vpi_v=none", "vpi_v", "none");
    refused("ideal", "detector.kind=camera", "detector.kind", "camera");
}

Test(rig, dac_must_reach_peak_and_null)
{
    refused("ideal", "weight_dac.full_scale_v=0.9", "weight_dac", "V");
    refused("ideal", "client_dac.min_v=0.1", "client_dac", "min_v");
    refused("ideal", "client_modulator.bias_v=1.2", "client_modulator", "1.2");
    refused("ideal", "weight_modulator.vpi_v=1.1", "weight_dac", "1.1");
    accepted("ideal", "weight_dac.full_scale_v=1.1");
    accepted("ideal", "client_modulator.bias_v=0"); /* the other side of the peak will do */
}

Test(rig, enob_beyond_the_bits_is_refused)
{
    refused("bench-100", "client_dac.enob_bits=8.5", "client_dac.enob_bits", "8.5");
    refused("bench-100", "adc.enob_bits=11", "adc.enob_bits", "11");
    accepted("bench-100", "adc.enob_bits=10");
    accepted("bench-100", "adc.enob_bits=none");
    refused("ideal", "adc.inl_lsb=1", "adc", "24");
}

Test(rig, detector_and_receiver_must_fit)
{
    refused("ideal", "detector.kind=counting", "counting", "counter");
    refused("netcast-snspd", "receiver.kind=integrator", "counting", "counter");
    refused("ideal", "detector.dead_time_s=1e-9", "dead_time_s", "counting");
    refused("netcast-snspd", "detector.dark_a=1e-9", "dark_a", "dark_counts_hz");
    refused("ideal", "detector.gain=10", "gain", "apd");
    refused("ideal", "detector.pair=no", "detector.pair", "dual_output");
    refused("netcast-local", "detector.pair=yes", "detector.pair", "dual_output");
    refused("netcast-local", "detector.pair_mismatch=0.01", "pair_mismatch", "detector.pair");
    const char *pair[] = {"detector.pair=yes", "weight_modulator.dual_output=yes"};
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read("netcast-snspd", pair, 2, &rig, NULL, &err), OAC_EINVAL);
    cr_assert_eq(oac_rig_read("netcast-local", pair, 2, &rig, NULL, &err), OAC_OK);
}

Test(rig, adc_range_must_hold_the_dark_level_and_a_pairs_negative_side)
{
    refused("netcast-local", "adc.min_v=0.1", "adc.min_v", "0.1");
    refused("netcast-local", "adc.min_v=-0.4", "adc.min_v", "-0.4");
    refused("ideal", "adc.min_v=0", "adc.min_v", "pair");
    accepted("netcast-local", "adc.min_v=0");
}

Test(rig, light_must_be_physical)
{
    refused("ideal", "laser.power_max_dbm=-30", "power_max_dbm", "-30");
    refused("ideal", "laser.grid_hz=1e12", "grid", "center_hz");
    refused("ideal", "demux.nonadjacent_db=15", "demux", "crosstalk");
    refused("bench-100", "amplifier.nf_db=2", "nf_db", "2.78"); /* 10 log10(2 - 1/10) */
    accepted("bench-100", "amplifier.nf_db=3");
}

Test(rig, guard_must_outlast_every_memory)
{
    refused("ideal", "weight_modulator.bandwidth_hz=20e9", "guard_slots", "1");
    refused("netcast-86km", "guard_slots=0", "guard_slots 0", "1 are needed");
    const char *sets[] = {"slot_rate_hz=10e9", "fiber.precompensate=no", "guard_slots=100"};
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read("netcast-86km", sets, 3, &rig, NULL, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "guard_slots 100"), "%s", err.message);
    sets[2] = "guard_slots=200"; /* half of 35.1 ns at 10 GBd is 176 slots */
    cr_assert_eq(oac_rig_read("netcast-86km", sets, 3, &rig, NULL, &err), OAC_OK);
}

Test(rig, not_a_number_fails_every_relation)
{
    struct oac_rig good = read_rig("bench-100");
    double *const fields[] = {&good.weight_dac.full_scale_v,
                              &good.client_dac.min_v,
                              &good.weight_modulator.vpi_v,
                              &good.client_modulator.bias_v,
                              &good.laser.power_dbm,
                              &good.laser.grid_hz,
                              &good.demux.il_db,
                              &good.amplifier.nf_db,
                              &good.detector.gain,
                              &good.adc.min_v,
                              &good.slot_rate_hz,
                              &good.adc.enob_bits};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        double before = *fields[i];
        struct oac_err err;
        *fields[i] = NAN;
        cr_assert_eq(oac_rig_check(&good, &err), OAC_EINVAL, "field %zu", i);
        *fields[i] = before;
        cr_assert_eq(oac_rig_check(&good, &err), OAC_OK);
    }
}

static void remember(void *context, const char *line)
{
    char *lines = context;
    snprintf(lines + strlen(lines), 2000 - strlen(lines), "%s\n", line);
}

static void warns(const char *name, const char *const *sets, size_t count, const char *word)
{
    struct oac_rig rig;
    struct oac_err err;
    char lines[2000] = "";
    cr_assert_eq(oac_rig_read(name, sets, count, &rig, NULL, &err), OAC_OK, "%s", err.message);
    oac_rig_warnings(&rig, remember, lines);
    cr_assert(strstr(lines, word), "'%s' lacks '%s'", lines, word);
}

Test(rig, what_is_probably_not_meant_is_warned_about)
{
    warns("netcast-86km", (const char *[]){"slot_rate_hz=10e9"}, 1, "next");
    warns("netcast-86km", (const char *[]){"slot_rate_hz=10e9"}, 1, "6.53e+09");
    warns("netcast-86km", (const char *[]){"fiber.precompensate=no"}, 1, "walk-off of 0.17");
    warns("netcast-snspd", (const char *[]){"fiber.attenuator_db=70"}, 1, "dead time");
    warns("netcast-local", (const char *[]){"receiver.saturation_v=0.1"}, 1,
          "saturates at 0.1 V");
    warns("netcast-local", (const char *[]){"slot_rate_hz=1e5"}, 1, "of full light");
    warns("netcast-local", (const char *[]){"laser.grid_hz=50e9"}, 1, "beats");
}

/* Electrons of one slot with both modulators open, from the rig's decibels alone. */
static double full_slot_electrons(const struct oac_rig *rig)
{
    double dbm = rig->laser.power_dbm - rig->weight_modulator.il_db - rig->fiber.attenuator_db -
                 rig->fiber.loss_db_per_km * rig->fiber.length_m / 1e3 -
                 rig->client_modulator.il_db - rig->demux.il_db;
    if (rig->amplifier.position != OAC_AMPLIFIER_NONE)
        dbm += rig->amplifier.gain_db;
    return pow(10.0, dbm / 10.0) * 1e-3 * rig->detector.quantum_efficiency /
           (6.62607015e-34 * rig->laser.center_hz) / rig->slot_rate_hz;
}

Test(rig, the_lights_argued_in_the_rig_files_are_there)
{
    const struct {
        const char *name;
        double electrons;
    } argued[] = {{"ideal", 9824},          {"bench-100", 7.86e3},   {"netcast-local", 2.19e5},
                  {"netcast-86km", 2.12e5}, {"netcast-snspd", 14.0}, {"m2k-bench", 1.19e10},
                  {"fmcomms-bench", 2.58e8}};
    cr_assert_eq(sizeof argued / sizeof argued[0], SHIPPED_COUNT);
    for (size_t i = 0; i < SHIPPED_COUNT; i++) {
        struct oac_rig rig = read_rig(argued[i].name);
        cr_assert_float_eq(full_slot_electrons(&rig) / argued[i].electrons, 1.0, 5e-3, "%s: %g",
                           argued[i].name, full_slot_electrons(&rig)); /* three digits given */
    }
}

Test(rig, the_netcast_rigs_are_those_of_the_reference_rows)
{
    static const char *const lab[] = {"netcast-86km", "netcast-local"};
    for (size_t i = 0; i < 2; i++) {
        struct oac_rig rig = read_rig(lab[i]);
        cr_assert_eq(rig.channels, 16);
        cr_assert_eq(rig.laser.power_dbm, -10.0);
        cr_assert_eq(rig.laser.grid_hz * 15.0, 3e12);
        cr_assert(rig.slot_rate_hz <= 10e6);
        struct oac_receiver_figures figures = oac_receiver_figures(&rig, 1e-3);
        cr_assert_float_eq(sqrt(figures.read_electrons2), 18.7e3, 0.05e3);
        cr_assert_float_eq(sqrt(figures.thermal_electrons2), 1270.0, 12.7);
    }
    struct oac_rig rig = read_rig("netcast-86km");
    cr_assert_eq(rig.fiber.length_m, 86e3);
}

Test(rig, the_ideal_rig_has_no_noise_but_shot_noise)
{
    struct oac_rig rig = read_rig("ideal");
    struct oac_receiver_figures figures = oac_receiver_figures(&rig, 1e-6);
    struct oac_detector detector = oac_detector_from_rig(&rig);
    cr_assert(figures.thermal_electrons2 == 0.0 && figures.read_electrons2 == 0.0);
    cr_assert(detector.dark_per_s == 0.0 && detector.quantum_efficiency == 1.0);
    cr_assert(rig.laser.rin_db_per_hz == -INFINITY && isinf(rig.client_modulator.er_db));
    cr_assert(oac_fiber_from_rig(&rig).transmission == 1.0);
    cr_assert(rig.weight_modulator.drift_sigma_v == 0.0 && rig.laser.drift_sigma == 0.0);
}
