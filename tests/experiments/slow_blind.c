/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sampled light, of which one channel of four shows the modem nothing: the bench is calibrated without it, as an
 * analytic one would be (tests/calibration/test_exclude.c), and a network certified and run on the others. */
#include <criterion/criterion.h>

#include "experiments/run.h"
#include "tests/experiments/unreachable.h"

enum { CHANNELS = 4 };

struct broken {
    const char *set, *named;
    size_t channel;
    enum oac_diagnosis fault;
};

static const struct broken broken[] = {
    {"fault.dead_detectors=0", "channel 0: detector dead", 0, OAC_DIAGNOSIS_DEAD_DETECTOR},
    {"fault.dark_lasers=2", "channel 2: laser extinct", 2, OAC_DIAGNOSIS_DARK_LASER},
    {"fault.stuck_modulators=3", "channel 3: modulator stuck", 3,
     OAC_DIAGNOSIS_STUCK_MODULATOR},
};

/* Peaks anywhere, so that the modem has to sound for its codes. */
#define BENCH                                                                \
    "channels=4", "bench_seed=1004", "weight_modulator.bias_spread_v=2.5",   \
        "client_modulator.bias_spread_v=2.5", "detector.gain_spread_db=1.5", \
        "timing.skew_s=2.5e-7"
#define SETS 7 /* those and a fault; NULL after them */

static struct oac_station_options station_of(const char *const *sets)
{
    size_t count = 0;
    while (sets[count])
        count++;
    return (struct oac_station_options){.rig = "netcast-86km",
                                        .on = "wave",
                                        .sets = sets,
                                        .set_count = count,
                                        .noise = OAC_NOISE_ALL,
                                        .seed = 1,
                                        .engine = {.encoding = OAC_RAILS, .repeats = 1}};
}

static enum oac_status calibrate(const struct unreachable *u, const char *const *sets,
                                 bool keep_all, const char *output,
                                 struct oac_calibrate_outcome *outcome, struct oac_err *err)
{
    struct oac_calibrate_request request = {.station = station_of(sets),
                                            .measure = oac_calibrate_defaults(),
                                            .model_path = u->model,
                                            .data_name = "task",
                                            .data_directory = u->data,
                                            .target = 0.75, /* 0.84 is what it can */
                                            .confidence = 0.95,
                                            .max_s = INFINITY,
                                            .threads = 1,
                                            .output_path = output,
                                            .command_line = "test"};
    request.measure.biases = 6;
    request.measure.codes = 32;
    request.measure.vectors = 256;
    request.measure.noise_windows = 64;
    request.measure.keep_all = keep_all;
    return oac_calibrate(&request, NULL, outcome, err);
}

/* 400 images with this calibration, or without. */
static enum oac_status run(const struct unreachable *u, const char *const *sets,
                           const char *cal, double *accuracy, struct oac_err *err)
{
    const struct oac_run_options options = {.model_path = u->model,
                                            .data_name = "task",
                                            .data_directory = u->data,
                                            .data_split = "reference",
                                            .rig = "netcast-86km",
                                            .on = "wave",
                                            .sets = sets,
                                            .set_count = SETS,
                                            .noise = OAC_NOISE_ALL,
                                            .photons_per_mac = NAN,
                                            .repeats = 1,
                                            .seed = 1,
                                            .calibration = {.path = cal}};
    struct oac_run_result *result = calloc(1, sizeof *result);
    cr_assert_not_null(result);
    const enum oac_status status = oac_run(&options, NULL, result, err);
    *accuracy = result->accuracy;
    free(result);
    return status;
}

static void expect_left_out(const struct unreachable *u, const struct broken *b)
{
    const char *const sets[SETS + 1] = {BENCH, b->set};
    char cal[OAC_TEST_DIR_BYTES + 16], readout[32];
    struct oac_calibrate_outcome *outcome = calloc(1, sizeof *outcome);
    struct oac_err err;
    double accuracy;
    cr_assert_not_null(outcome);
    cr_assert_eq(run(u, sets, NULL, &accuracy, &err), OAC_EDEVICE, "%s", b->set);
    snprintf(readout, sizeof readout, "readout %zu of", b->channel);
    cr_expect(strstr(err.message, "preamble") && strstr(err.message, readout), "%s",
              err.message);
    cr_expect_eq(calibrate(u, sets, true, NULL, outcome, &err), OAC_EMISSED);
    cr_expect(strstr(err.message, b->named), "%s", err.message);
    oac_test_dir_path(u->dir, "cal.h5", cal);
    cr_assert_eq(calibrate(u, sets, false, cal, outcome, &err), OAC_OK, "%s: %s", b->set,
                 err.message);
    cr_expect_eq(outcome->calibration->excluded, 1);
    cr_expect(strstr(outcome->calibration->faults, b->named), "%s",
              outcome->calibration->faults);
    for (size_t k = 0; k < CHANNELS; k++) {
        const struct oac_calibration_channel *channel = &outcome->calibration->channel[k];
        cr_expect_eq(channel->excluded, k == b->channel);
        cr_expect_eq(outcome->calrec->channel[k].excluded, k == b->channel);
        if (k == b->channel)
            cr_expect_eq(channel->fault, b->fault);
        else
            cr_expect_lt(channel->verify_rms, 3e-3, "%s: channel %zu: %g", b->set, k,
                         channel->verify_rms);
    }
    cr_expect_eq(outcome->target.verdict, OAC_TARGET_CERTIFIED, "%s", outcome->reason);
    oac_calibrate_outcome_fini(outcome);
    free(outcome);
    cr_assert_eq(run(u, sets, cal, &accuracy, &err), OAC_OK, "%s: %s", b->set, err.message);
    cr_expect_geq(accuracy, 0.75, "%s: %g", b->set, accuracy);
}

Test(blind, a_channel_that_shows_the_modem_nothing_is_left_out_and_the_network_certified,
     .timeout = 300)
{
    struct unreachable u;
    unreachable_make(&u);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        expect_left_out(&u, &broken[i]);
    oac_test_dir_remove(u.dir);
}

Test(blind, two_of_four_are_a_broken_bench, .timeout = 300)
{
    const char *const sets[SETS + 1] = {BENCH, "fault.dead_detectors=1,2"};
    struct oac_calibrate_outcome *outcome = calloc(1, sizeof *outcome);
    struct unreachable u;
    struct oac_err err;
    unreachable_make(&u);
    cr_assert_not_null(outcome);
    cr_expect_eq(calibrate(&u, sets, false, NULL, outcome, &err), OAC_EMISSED);
    cr_expect(strstr(err.message, "channel 1: detector dead") &&
                  strstr(err.message, "channel 2: detector dead"),
              "%s", err.message);
    free(outcome);
    oac_test_dir_remove(u.dir);
}

/* Where the channels with light fill their readouts at first, the rest of a fourth one's light must not tell the
 * timing: it was put 24 slots off. */
Test(blind, a_dark_channel_beside_bright_ones_moves_no_skew)
{
    const char *const sets[] = {"channels=4",
                                "laser.grid_hz=100e9",
                                "bench_seed=1001",
                                "weight_modulator.vpi_spread=0.1",
                                "client_modulator.vpi_spread=0.1",
                                "weight_modulator.bias_spread_v=2.5",
                                "client_modulator.bias_spread_v=2.5",
                                "weight_modulator.er_db=14",
                                "client_modulator.er_db=33",
                                "detector.gain_spread_db=1.5",
                                "adc.offset_spread_v=5e-3",
                                "demux.adjacent_db=16",
                                "demux.nonadjacent_db=21",
                                "timing.skew_s=-5e-7",
                                "fault.dark_lasers=1",
                                NULL};
    const struct oac_calibrate_request request = {.station = station_of(sets),
                                                  .measure = oac_calibrate_defaults(),
                                                  .target = NAN,
                                                  .threads = 1,
                                                  .command_line = "test"};
    struct oac_calibrate_outcome *outcome = calloc(1, sizeof *outcome);
    struct oac_err err;
    cr_assert_not_null(outcome);
    cr_assert_eq(oac_calibrate(&request, NULL, outcome, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(outcome->calibration->excluded, 1);
    cr_expect(outcome->calibration->channel[1].excluded);
    cr_expect_lt(fabs(outcome->calibration->channel[0].late_slots), 0.05);
    oac_calibrate_outcome_fini(outcome);
    free(outcome);
}
