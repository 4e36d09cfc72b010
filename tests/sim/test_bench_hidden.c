/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hidden spreads of every shape, and what is broken, as both engines play it. */
#include "hal/calrec.h"
#include "hal/modem.h"
#include "sim/bench.h"
#include "sim/waveform/waveform.h"
#include "tests/sim/analytic_fixture.h"

/* What a calibration is to find: V_pi +-20 %, V_peak +-V_pi, ER 12 to 35 dB, gain +-3 dB, crosstalk -15 to
 * -30 dB. */
static const char *const SPREAD[] = {"spread=uniform",
                                     "channels=40",
                                     "weight_modulator.vpi_v=1",
                                     "weight_modulator.vpi_spread=0.2",
                                     "weight_modulator.bias_spread_v=1",
                                     "weight_modulator.er_db=23.5",
                                     "weight_modulator.er_spread_db=11.5",
                                     "detector.gain_spread_db=3",
                                     "weight_modulator.dual_output=yes",
                                     "detector.pair=yes",
                                     "detector.pair_mismatch=0.05",
                                     "detector.pair_mismatch_spread=0.1",
                                     "demux.adjacent_db=22.5",
                                     "demux.nonadjacent_db=22.5",
                                     "demux.crosstalk_spread_db=7.5",
                                     NULL};

static void read_plain(struct oac_rig *rig, const char *const *sets)
{
    struct oac_err err;
    cr_assert_eq(oac_config_defaults(&oac_rig_table, rig, &err), OAC_OK, "%s", err.message);
    optics_set(rig, PLAIN);
    optics_set(rig, sets);
}

static struct oac_bench *made(const struct oac_rig *rig)
{
    struct oac_bench *bench = NULL;
    struct oac_err err;
    cr_assert_eq(oac_bench_create(rig, &bench, &err), OAC_OK, "%s", err.message);
    return bench;
}

struct span {
    double low, high;
};

static void stretch(struct span *span, double value)
{
    span->low = fmin(span->low, value);
    span->high = fmax(span->high, value);
}

/* Inside its bounds, and of 40 uniform draws the extremes within a quarter of either end: they miss it with
 * probability 2 (7/8)^40 = 1 %, of one fixed seed. */
static void fills(struct span span, double low, double high)
{
    double quarter = 0.25 * (high - low) / 2.0;
    cr_expect(span.low >= low && span.high <= high, "%g .. %g leaves %g .. %g", span.low,
              span.high, low, high);
    cr_expect(span.low < low + quarter && span.high > high - quarter,
              "%g .. %g does not fill %g .. %g", span.low, span.high, low, high);
}

Test(bench_hidden, uniform_spreads_fill_their_half_width)
{
    struct oac_rig rig;
    read_plain(&rig, SPREAD);
    struct oac_bench *bench = made(&rig);
    const struct span none = {INFINITY, -INFINITY};
    struct span vpi = none, peak = none, er = none, gain = none, crosstalk = none, pair = none;
    for (size_t k = 0; k < bench->channels; k++) {
        const struct oac_bench_channel *channel = &bench->channel[k];
        stretch(&vpi, channel->weight.vpi_v);
        stretch(&peak, channel->weight.vpeak_v);
        stretch(&er, -10.0 * log10(channel->weight.r));
        stretch(&gain, 10.0 * log10(channel->gain));
        stretch(&pair, channel->gain_plus - channel->gain_minus);
        cr_assert_float_eq(channel->gain_plus + channel->gain_minus, 2.0, 1e-12);
        cr_assert_eq(bench->demux[k * bench->channels + k], 1.0);
        for (size_t j = 0; j < bench->channels; j++)
            if (j != k)
                stretch(&crosstalk, -10.0 * log10(bench->demux[k * bench->channels + j]));
    }
    fills(vpi, 0.8, 1.2);
    fills(peak, 0.0, 2.0);
    fills(er, 12.0, 35.0);
    fills(gain, -3.0, 3.0);
    fills(pair, -0.05, 0.15);
    fills(crosstalk, 15.0, 30.0);
    oac_bench_destroy(bench);
}

Test(bench_hidden, more_channels_change_no_crosstalk_of_those_before)
{
    struct oac_rig small, large;
    read_plain(&large, SPREAD);
    small = large;
    small.channels = 7;
    struct oac_bench *a = made(&small), *b = made(&large);
    for (size_t k = 0; k < 7; k++)
        for (size_t j = 0; j < 7; j++)
            cr_assert_eq(a->demux[k * 7 + j], b->demux[k * 40 + j]);
    oac_bench_destroy(a);
    oac_bench_destroy(b);
}

/* Everything that a record can hold is nominal, whatever hides. */
Test(bench_hidden, the_nominal_record_tells_nothing)
{
    const char *stated[] = {"channels=6",
                            "weight_modulator.er_db=23.5",
                            "weight_modulator.dual_output=yes",
                            "detector.pair=yes",
                            "adc.min_v=-0.5",
                            "demux.il_db=2",
                            "demux.adjacent_db=22.5",
                            NULL};
    const char *secrets[] = {"channels=6",
                             "weight_modulator.er_db=23.5",
                             "weight_modulator.dual_output=yes",
                             "detector.pair=yes",
                             "adc.min_v=-0.5",
                             "demux.il_db=2",
                             "demux.adjacent_db=22.5",
                             "spread=uniform",
                             "bench_seed=9",
                             "laser.power_spread_db=1",
                             "weight_modulator.vpi_spread=0.2",
                             "weight_modulator.bias_spread_v=1",
                             "weight_modulator.er_spread_db=11.5",
                             "client_modulator.vpi_spread=0.2",
                             "detector.gain_spread_db=3",
                             "detector.pair_mismatch_spread=0.1",
                             "demux.crosstalk_spread_db=7.5",
                             "adc.offset_spread_v=0.01",
                             "fault.dead_detectors=0",
                             "fault.stuck_modulators=1",
                             "fault.saturated_detectors=2",
                             "fault.dark_lasers=3",
                             "fault.swapped=4,5",
                             "fault.no_light=yes",
                             NULL};
    struct optics plain, hidden;
    optics_open(&plain, 0, stated);
    optics_open(&hidden, 0, secrets);
    const struct oac_calrec *want = plain.link.caps->nominal, *got = hidden.link.caps->nominal;
    cr_assert_eq(memcmp(got->channel, want->channel, 6 * sizeof *got->channel), 0);
    cr_assert_eq(memcmp(&got->client, &want->client, sizeof got->client), 0);
    cr_assert_null(got->crosstalk);
    for (size_t k = 0; k < 6; k++)
        cr_assert(isnan(got->finding[k].parked_t) && isnan(got->setting[k].value[0]));
    optics_close(&plain);
    optics_close(&hidden);
}

static const struct oac_modem_options modem = {.sync_slot0 = UINT64_C(1) << 62};

static void open_wave(struct optics *o, const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct oac_stream stream;
    struct oac_err err;
    memset(o, 0, sizeof *o);
    read_plain(&o->rig, sets);
    cr_assert_eq(oac_waveform_open(&o->rig, hash, OAC_NOISE_ADC, 20, NULL, &stream, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, &modem, &o->link, &err), OAC_OK, "%s", err.message);
    o->workspace = oac_link_workspace_create(&o->link, &err);
    cr_assert_not_null(o->workspace, "%s", err.message);
}

/* Codes of six channels that play one weight each, all slots alike, against an open client. */
static void play_six(bool wave, const char *const *sets, const uint16_t weight[6],
                     double code[6])
{
    struct optics o;
    struct pattern p = {.rows = 6, .slots = 8, .launch = 1.0f};
    float readout[6];
    if (wave)
        open_wave(&o, sets);
    else
        optics_open(&o, OAC_NOISE_ADC, sets);
    for (size_t i = 0; i < 6 * p.slots; i++)
        p.weight[i] = weight[i / p.slots];
    for (size_t n = 0; n < p.slots; n++)
        p.x[n] = 4095;
    uint32_t handle = optics_load(&o, &p);
    optics_play(&o, handle, &p, 1, 1000, readout, NULL, NULL);
    for (size_t k = 0; k < 6; k++)
        code[k] = (double)readout[k];
    optics_close(&o);
}

/* No preamble reaches this readout, and every play says so. */
static void expect_blind(const char *fault, size_t blind)
{
    const char *sets[] = {"channels=6", fault, NULL};
    struct optics o;
    struct pattern p = {.rows = 6, .slots = 8, .launch = 1.0f};
    float readout[6];
    uint8_t flag[6] = {0};
    open_wave(&o, sets);
    const uint32_t handle = optics_load(&o, &p);
    optics_play(&o, handle, &p, 1, 1000, readout, flag, NULL);
    for (size_t k = 0; k < 6; k++)
        cr_expect_eq((flag[k] & OAC_FLAG_BLIND) != 0, k == blind, "%s: readout %zu", fault, k);
    optics_close(&o);
}

/* 12 bits over V_pi: 4095 is open, 2048 half open; the last pair differ. */
static const uint16_t OPEN[6] = {4095, 4095, 4095, 4095, 4095, 2048};

Test(bench_hidden, faults_are_what_they_are_called)
{
    const char *healthy[] = {"channels=6", NULL};
    const char *broken[] = {"channels=6",
                            "fault.dead_detectors=0",
                            "fault.stuck_modulators=1",
                            "fault.stuck_at=0.3",
                            "fault.saturated_detectors=2",
                            "fault.swapped=4,5",
                            "fault.dark_lasers=3",
                            NULL};
    const uint16_t other[6] = {2048, 2048, 2048, 2048, 4095, 2048};
    double good[6], bad[6], bad_other[6];
    play_six(false, healthy, OPEN, good);
    play_six(false, broken, OPEN, bad);
    play_six(false, broken, other, bad_other);
    /* single precision of the light, and a rounded code */
    const double close = 1.0 + 1e-5 * good[0];
    cr_assert_gt(good[0], 1000.0);
    cr_expect_float_eq(bad[0], 0.0, close, "dead: %g", bad[0]);
    cr_expect_float_eq(bad[1], 0.3 * good[1], close, "stuck: %g of %g", bad[1], good[1]);
    cr_expect_float_eq(bad_other[1], bad[1], close, "stuck whatever is played");
    cr_expect_eq(bad[2], 1048575.0, "saturated: %g", bad[2]);
    cr_expect_float_eq(bad[3], 0.0, close, "dark: %g", bad[3]);
    cr_expect_float_eq(bad[4], good[5], close, "swapped: %g, %g", bad[4], good[5]);
    cr_expect_float_eq(bad[5], good[4], close, "swapped: %g, %g", bad[5], good[4]);
}

Test(bench_hidden, waves_meet_the_same_faults)
{
    const char *healthy[] = {"channels=6", NULL};
    const char *swapped[] = {"channels=6", "fault.swapped=4,5", NULL};
    double good[6], bad[6];
    play_six(true, healthy, OPEN, good);
    play_six(true, swapped, OPEN, bad);
    const double close = 1.0 + 1e-5 * good[0];
    cr_expect_float_eq(bad[4], good[5], close, "swapped: %g, %g", bad[4], good[5]);
    cr_expect_float_eq(bad[5], good[4], close, "swapped: %g, %g", bad[5], good[4]);
    static const char *const blind[] = {"fault.dead_detectors=2", "fault.stuck_modulators=2",
                                        "fault.saturated_detectors=2", "fault.dark_lasers=2"};
    for (size_t i = 0; i < 4; i++)
        expect_blind(blind[i], 2);
}

Test(bench_hidden, a_cut_fiber_leaves_every_detector_dark)
{
    const char *cut[] = {"channels=6", "fault.no_light=yes", NULL};
    const uint16_t open[6] = {4095, 4095, 4095, 4095, 4095, 4095};
    double code[6];
    play_six(false, cut, open, code);
    for (size_t k = 0; k < 6; k++)
        cr_expect_eq(code[k], 0.0);
}

static void refused(const char *name, const char *set, const char *what)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_assert_eq(oac_rig_read(name, &set, 1, &rig, NULL, &err), OAC_EINVAL, "%s", set);
    cr_assert_neq(strstr(err.message, what), NULL, "%s lacks %s", err.message, what);
}

Test(bench_hidden, faults_of_no_channel_and_spreads_about_nothing_are_refused)
{
    refused("bench-100", "fault.dead_detectors=100", "channels 0 to 99");
    refused("bench-100", "fault.dark_lasers=2.5", "channel 2.5");
    refused("bench-100", "fault.stuck_modulators=3,4,3", "channel 3 twice");
    refused("bench-100", "fault.swapped=1,2,3", "pairs");
    refused("bench-100", "demux.crosstalk_spread_db=3", "nothing to spread about");
    refused("ideal", "client_modulator.er_spread_db=3", "nothing to spread about");
}
