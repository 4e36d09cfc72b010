/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of a rig that only sampled light feels: their relations, their warnings, files beside the rig. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rig.h"
#include "tests/support/tmpdir.h"

static enum oac_status read_with(const char *const *sets, size_t count, struct oac_rig *rig,
                                 struct oac_err *err)
{
    return oac_rig_read("ideal", sets, count, rig, NULL, err);
}

/* Refused with a message that holds both words; without its last set it is accepted. */
static void refused(const char *const *sets, size_t count, const char *word, const char *other)
{
    struct oac_rig rig;
    struct oac_err err = {.status = OAC_OK};
    cr_assert_eq(read_with(sets, count - 1, &rig, &err), OAC_OK, "%s", err.message);
    cr_assert_neq(read_with(sets, count, &rig, &err), OAC_OK, "%s", sets[count - 1]);
    cr_assert(strstr(err.message, word), "'%s' lacks '%s'", err.message, word);
    cr_assert(strstr(err.message, other), "'%s' lacks '%s'", err.message, other);
}

#define SETS(...) \
    (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)

Test(rig_wave, conversions_must_last_whole_samples)
{
    refused(SETS("weight_dac.samples_per_slot=3"), "weight_dac.samples_per_slot 3", "8");
    refused(SETS("client_dac.samples_per_slot=16"), "client_dac.samples_per_slot 16", "8");
    refused(SETS("detector.kind=pin", "receiver.kind=tia", "adc.samples_per_slot=5"),
            "adc.samples_per_slot 5", "multiple");
}

Test(rig_wave, a_held_receiver_does_not_mind_its_samples_per_slot)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(read_with(SETS("adc.samples_per_slot=5"), &rig, &err), OAC_OK, "%s",
                 err.message);
}

Test(rig_wave, jitter_beyond_a_sample_is_refused_with_its_numbers)
{
    refused(SETS("slot_rate_hz=1e9", "weight_dac.jitter_s=2e-10"), "2e-10", "1.25e-10");
    refused(SETS("slot_rate_hz=1e9", "client_dac.jitter_s=2e-10"), "client_dac.jitter_s",
            "1.25e-10");
}

Test(rig_wave, spans_need_their_amplifiers_before_the_client)
{
    refused(SETS("amplifier.spans=2"), "amplifier.spans 2", "before_client");
    refused(SETS("amplifier.position=after_client", "amplifier.spans=2"), "amplifier.spans 2",
            "before_client");
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(
        read_with(SETS("amplifier.position=before_client", "amplifier.spans=2"), &rig, &err),
        OAC_OK, "%s", err.message);
}

Test(rig_wave, quantum_limit_is_that_of_one_stage)
{
    /* 1 dB of gain allows 0.8 dB of noise figure; ten stages of it are no 10 dB amplifier */
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(read_with(SETS("amplifier.position=before_client", "amplifier.spans=10",
                                "amplifier.gain_db=1", "amplifier.nf_db=1"),
                           &rig, &err),
                 OAC_OK, "%s", err.message);
}

Test(rig_wave, kerr_effect_and_polarisation_dispersion_exclude_each_other)
{
    refused(SETS("fiber.gamma_per_w_km=1.3", "fiber.pmd_ps_rtkm=0.1"), "fiber.gamma_per_w_km",
            "0.1");
}

Test(rig_wave, a_response_file_that_is_not_there_is_an_error_that_names_it)
{
    refused(SETS("weight_modulator.s21_file=/nowhere/a.s2p"), "weight_modulator.s21_file",
            "/nowhere/a.s2p");
    refused(SETS("client_modulator.s21_file=/nowhere/b.s2p"), "client_modulator.s21_file",
            "/nowhere/b.s2p");
}

/* A modulator that is down by 3 dB between 8 and 12 GHz. */
static const char S2P[] = "# GHz S RI R 50\n"
                          "0.1 0 0 1 0 0 0 0 0\n"
                          "8 0 0 0.8 0 0 0 0 0\n"
                          "12 0 0 0.6 0 0 0 0 0\n";

Test(rig_wave, a_response_file_lies_beside_the_rig_file)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32], file[OAC_TEST_DIR_BYTES + 32];
    struct oac_rig rig, again;
    struct oac_err err;
    char *text = NULL;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "modulator.s2p", file);
    oac_test_file_put(file, S2P, sizeof S2P - 1);
    const char *const sets[] = {"weight_modulator.s21_file=modulator.s2p"};
    /* the shipped rig's text as a file of this directory */
    cr_assert_eq(oac_rig_read("ideal", NULL, 0, &rig, &text, &err), OAC_OK, "%s", err.message);
    oac_test_dir_path(dir, "rig.yaml", path);
    oac_test_file_put(path, text, strlen(text));
    free(text);
    text = NULL;
    cr_assert_eq(oac_rig_read(path, sets, 1, &rig, &text, &err), OAC_OK, "%s", err.message);
    cr_assert_str_eq(rig.weight_modulator.s21_file, file);
    /* and is found again by the complete text, wherever that lies */
    oac_test_dir_path(dir, "complete.yaml", path);
    oac_test_file_put(path, text, strlen(text));
    free(text);
    cr_assert_eq(oac_rig_read(path, NULL, 0, &again, NULL, &err), OAC_OK, "%s", err.message);
    cr_assert_str_eq(again.weight_modulator.s21_file, file);
    oac_test_dir_remove(dir);
}

/* ---- warnings ---- */

static void remember(void *context, const char *line)
{
    char *lines = context;
    snprintf(lines + strlen(lines), 4000 - strlen(lines), "%s\n", line);
}

static void lines_of(const char *const *sets, size_t count, char lines[4000])
{
    struct oac_rig rig;
    struct oac_err err;
    lines[0] = '\0';
    cr_assert_eq(read_with(sets, count, &rig, &err), OAC_OK, "%s", err.message);
    oac_rig_warnings(&rig, remember, lines);
}

static void warns(const char *const *sets, size_t count, const char *word, const char *other)
{
    char lines[4000];
    lines_of(sets, count, lines);
    cr_assert(strstr(lines, word), "'%s' lacks '%s'", lines, word);
    cr_assert(strstr(lines, other), "'%s' lacks '%s'", lines, other);
}

static void silent_of(const char *const *sets, size_t count, const char *word)
{
    char lines[4000];
    lines_of(sets, count, lines);
    cr_assert_not(strstr(lines, word), "'%s' has '%s'", lines, word);
}

Test(rig_wave, a_bandwidth_that_cannot_carry_the_slots_is_named_with_both_numbers)
{
    /* (tau/T)(1 - e^{-T/tau})^2 = 15.9 % for a pole at the slot rate */
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "weight_dac.bandwidth_hz=1e9"),
          "weight_dac.bandwidth_hz 1e+09 leaks 15.", "1e+09 slots/s");
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "client_dac.bandwidth_hz=1e9"),
          "client_dac.bandwidth_hz", "leaks");
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "detector.bandwidth_hz=1e9"),
          "detector.bandwidth_hz", "leaks");
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "detector.kind=pin", "receiver.kind=tia",
               "receiver.bandwidth_hz=1e9"),
          "receiver.bandwidth_hz", "leaks");
    warns(SETS("slot_rate_hz=1e9", "demux.passband_hz=5e8"), "demux.passband_hz 5e+08",
          "1e+09 slots/s");
    silent_of(SETS("slot_rate_hz=1e9", "guard_slots=10", "weight_dac.bandwidth_hz=1e11"),
              "leaks");
    silent_of(SETS("slot_rate_hz=1e9", "demux.passband_hz=5e10"), "passband");
}

/* Of a pole that is far too slow the next slot gets next to nothing, and so does every other. */
Test(rig_wave, a_bandwidth_a_million_times_too_low_is_named_too)
{
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "detector.bandwidth_hz=1e3"),
          "detector.bandwidth_hz 1000", "100.0 % into all later ones");
}

static void file_warns(const char *text, const char *word, bool wanted)
{
    char dir[OAC_TEST_DIR_BYTES], file[OAC_TEST_DIR_BYTES + 32], set[OAC_TEST_DIR_BYTES + 64];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "modulator.s2p", file);
    oac_test_file_put(file, text, strlen(text));
    snprintf(set, sizeof set, "client_modulator.s21_file=%s", file);
    if (wanted)
        warns(SETS("slot_rate_hz=1e9", "guard_slots=10", set), "client_modulator.s21_file ends",
              word);
    else
        silent_of(SETS("slot_rate_hz=1e9", "guard_slots=10", set), word);
    oac_test_dir_remove(dir);
}

Test(rig_wave, a_touchstone_file_in_the_wrong_unit_is_asked_about)
{
    static const char rows[] = "1 0 0 1 0 0 0 0 0\n40 0 0 .9 0 0 0 0 0\n";
    static const char rows_in_hz[] = "1e9 0 0 1 0 0 0 0 0\n4e10 0 0 .9 0 0 0 0 0\n";
    char text[200];
    snprintf(text, sizeof text, "# Hz S RI R 50\n%s", rows);
    file_warns(text, "ends at 40 Hz, below 1e+09 slots/s", true);
    snprintf(text, sizeof text, "# GHz S RI R 50\n%s", rows_in_hz);
    file_warns(text, "ends at 4e+19 Hz, above 1e+13 Hz", true);
    snprintf(text, sizeof text, "# GHz S RI R 50\n%s", rows);
    file_warns(text, "unit", false);
    snprintf(text, sizeof text, "# Hz S RI R 50\n%s", rows_in_hz);
    file_warns(text, "unit", false);
}

Test(rig_wave, delays_of_more_slots_than_a_modem_can_listen_for_are_refused)
{
    refused(SETS("slot_rate_hz=1e9", "timing.adc_delay_s=1"), "timing.adc_delay_s 1 s",
            "at most 4096 slots (4.096e-06 s)");
    refused(SETS("slot_rate_hz=1e9", "timing.skew_s=-5e-6"), "timing.skew_s -5e-06 s",
            "5000 slots");
    refused(SETS("slot_rate_hz=1e9", "timing.adc_delay_spread_s=1e-3"),
            "timing.adc_delay_spread_s", "4096");
}

Test(rig_wave, a_measured_response_counts_with_its_own_bandwidth)
{
    char dir[OAC_TEST_DIR_BYTES], file[OAC_TEST_DIR_BYTES + 32], set[OAC_TEST_DIR_BYTES + 64];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "modulator.s2p", file);
    oac_test_file_put(file, S2P, sizeof S2P - 1);
    snprintf(set, sizeof set, "weight_modulator.s21_file=%s", file);
    warns(SETS("slot_rate_hz=1e10", "guard_slots=10", set), "weight_modulator.bandwidth_hz",
          "leaks 1");
    oac_test_dir_remove(dir);
}

Test(rig_wave, a_grid_too_coarse_for_a_pole_is_told_how_fine_to_be)
{
    /* 8 GHz at 1 GS/s: 19.9 ps, 0.16 samples of 8 a slot; one sample from 50.3 a slot */
    warns(SETS("slot_rate_hz=1e9", "guard_slots=10", "weight_modulator.bandwidth_hz=8e9"),
          "0.16 samples", "from 51");
    silent_of(SETS("slot_rate_hz=1e9", "guard_slots=10", "weight_modulator.bandwidth_hz=8e9",
                   "wave.samples_per_slot=64"),
              "samples: wave");
    silent_of(SETS("slot_rate_hz=1e9", "guard_slots=10", "weight_modulator.bandwidth_hz=1e12"),
              "samples: wave");
    silent_of(SETS("slot_rate_hz=1e9", "guard_slots=10", "detector.bandwidth_hz=8e9"),
              "samples: wave"); /* linear: exact on any grid */
    warns(SETS("wave.samples_per_slot=4"), "wave.samples_per_slot 4", "at least 8");
}

Test(rig_wave, two_outputs_cannot_give_out_more_than_enters)
{
    warns(SETS("detector.kind=pin", "receiver.kind=integrator", "adc.min_v=-0.5",
               "detector.pair=yes", "weight_modulator.er_db=20",
               "weight_modulator.dual_output=yes"),
          "weight_modulator.il_db 0", "at least 0.0432");
    silent_of(SETS("detector.kind=pin", "receiver.kind=integrator", "adc.min_v=-0.5",
                   "detector.pair=yes", "weight_modulator.er_db=20",
                   "weight_modulator.il_db=0.05", "weight_modulator.dual_output=yes"),
              "gives out more");
}
