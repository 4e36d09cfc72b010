/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Light over AC-coupled ports: lost as it is, there on a subcarrier, as chips and as tones of I and Q. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "hal/calrec.h"
#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"

enum { SLOTS = 300, WINDOWS = 4 };

/* Real ports whose corners are a thousandth of the slot rate, nothing hidden, no noise: what is
 * left is the method's. */
#define COUPLED                                                                        \
    "weight_dac.coupling_hz=100", "client_dac.coupling_hz=100", "adc.coupling_hz=100", \
        "weight_dac.samples_per_slot=12", "client_dac.samples_per_slot=12",            \
        "weight_dac.bits=16", "client_dac.bits=16", "weight_modulator.vpi_spread=0",   \
        "client_modulator.vpi_spread=0", "weight_modulator.bias_spread_v=0",           \
        "client_modulator.bias_spread_v=0", "weight_dac.bandwidth_hz=none",            \
        "client_dac.bandwidth_hz=none", "receiver.bandwidth_hz=none"
#define CHOPPED                                                      \
    COUPLED, "subcarrier.periods=1", "weight_modulator.bias_v=2.25", \
        "client_modulator.bias_v=2.25"
/* The shipped radio bench, nothing hidden. */
#define PLAIN_RADIO                                                              \
    "weight_dac.bits=16", "client_dac.bits=16", "weight_modulator.vpi_spread=0", \
        "client_modulator.vpi_spread=0", "weight_modulator.bias_spread_v=0",     \
        "client_modulator.bias_spread_v=0"
#define SETS(...) \
    (const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)

struct answer {
    enum oac_status opened;
    char message[600];
    double worst; /* |readout - what the record says| over a window of full openings */
    double full;  /* code */
    double code[WINDOWS];
    double delay_s;
};

/* Says that every port passes constant voltages. */
static void claim_dc(struct oac_stream *stream)
{
    const struct oac_link_caps *link = &stream->caps->link;
    struct oac_port *ports[] = {(struct oac_port *)(uintptr_t)link->weight,
                                (struct oac_port *)(uintptr_t)link->client,
                                (struct oac_port *)(uintptr_t)link->readout};
    for (size_t i = 0; i < 3; i++)
        ports[i]->ac_coupled = false;
}

/* Codes from dark to fully open; window b's data reach (b + 1)/4 of that, the last is all open. */
static void fill(const struct oac_port *port, const struct oac_curve *curve, double most,
                 uint32_t salt, uint16_t *code)
{
    const bool last = salt == WINDOWS;
    for (size_t n = 0; n < SLOTS; n++) {
        const double u = last ? 1.0 : most * (double)((n * 7919u + salt * 31u) % 97u) / 96.0;
        const double t = oac_curve_floor(curve) + (1.0 - oac_curve_floor(curve)) * u;
        code[n] = (uint16_t)lrint((oac_curve_voltage(curve, t, 0) - port->v0_v) / port->lsb_v);
    }
}

static double expected(const struct oac_link_caps *caps, const uint16_t *w, const uint16_t *x)
{
    const struct oac_calrec_channel *c = &caps->nominal->channel[0];
    double sum = c->offset_code + SLOTS * c->dark_code_per_slot;
    for (size_t n = 0; n < SLOTS; n++) {
        const double tw =
            oac_curve_transmission(&c->weight, caps->weight->v0_v + caps->weight->lsb_v * w[n]);
        const double tx = oac_curve_transmission(
            &caps->nominal->client, caps->client->v0_v + caps->client->lsb_v * x[n]);
        sum += (c->gain_code * tw + c->gx_code_per_x) * tx;
    }
    return sum;
}

static void measure(struct oac_link *link, struct answer *answer)
{
    static uint16_t w[SLOTS], x[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    float code[WINDOWS];
    uint32_t handle;
    struct oac_err err;
    const struct oac_link_caps *caps = link->caps;
    fill(caps->weight, &caps->nominal->channel[0].weight, 1.0, 77, w);
    for (uint32_t b = 0; b < WINDOWS; b++) {
        slot0[b] = 1000u + b * 2u * SLOTS;
        fill(caps->client, &caps->nominal->client, 0.25 * b, b + 1, x + b * SLOTS);
    }
    const struct oac_weight_frame frame = {
        .rows = 1, .slots = SLOTS, .code = w, .null_x_code = (uint16_t)caps->client->code_safe};
    const struct oac_activation_frame windows = {.windows = WINDOWS, .code = x, .slot0 = slot0};
    struct oac_readouts out = {.code = code};
    struct oac_workspace *work = oac_link_workspace_create(link, &err);
    cr_assert_not_null(work);
    cr_assert_eq(oac_link_load(link, &frame, &handle, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_link_play(link, handle, work, &windows, &out, &err), OAC_OK, "%s",
                 err.message);
    answer->full = SLOTS * caps->nominal->channel[0].gain_code;
    for (size_t b = 0; b < WINDOWS; b++) {
        const double off = fabs((double)code[b] - expected(caps, w, x + b * SLOTS));
        answer->worst = fmax(answer->worst, off / answer->full);
        answer->code[b] = (double)code[b];
    }
    answer->delay_s = oac_modem_alignment(link)->delay_s[0];
    oac_link_workspace_destroy(link, work);
}

static struct answer ask(const char *name, const char *const *sets, size_t count, bool lie)
{
    const uint8_t hash[32] = {0};
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    struct answer answer = {0};
    cr_assert_eq(oac_rig_read(name, sets, count, &rig, NULL, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_waveform_open(&rig, hash, OAC_NOISE_NONE, 1, NULL, &stream, &err), OAC_OK,
                 "%s", err.message);
    if (lie)
        claim_dc(&stream);
    answer.opened = oac_modem_open(&stream, NULL, &link, &err);
    if (answer.opened) {
        snprintf(answer.message, sizeof answer.message, "%s", err.message);
        return answer;
    }
    measure(&link, &answer);
    oac_link_close(&link);
    cr_log_info("%s: worst %g of full scale, dark %g", name, answer.worst,
                answer.code[0] / answer.full);
    return answer;
}

Test(subcarrier, coupled_ports_without_one_are_refused_by_name)
{
    struct answer answer = ask("m2k-bench", SETS(COUPLED), false);
    cr_expect_eq(answer.opened, OAC_EUNSUPPORTED);
    cr_expect(strstr(answer.message, "weight port 0") &&
                  strstr(answer.message, "subcarrier.periods"),
              "%s", answer.message);
}

Test(subcarrier, intensity_is_lost_on_coupled_ports_and_comes_through_as_chips)
{
    /* A drive's mean fades within a window, and with it a tenth of full scale and more of the sum. */
    struct answer lost = ask("m2k-bench", SETS(COUPLED), true);
    cr_expect(lost.opened != OAC_OK || lost.worst > 0.1, "%g of full scale", lost.worst);
    /* 16 bit codes leave 1e-4 of an opening, the wandering mean (2 pi 100 Hz/83 kBd)^2 = 6e-5,
     * edges of a preamble, known to 1e-3 of a chip of three samples, the rest. */
    struct answer heard = ask("m2k-bench", SETS(CHOPPED), false);
    cr_assert_eq(heard.opened, OAC_OK, "%s", heard.message);
    cr_expect_lt(heard.worst, 1e-3, "%g of full scale", heard.worst);
}

Test(subcarrier, dark_data_give_zero_whatever_the_weights)
{
    struct answer chips = ask("m2k-bench", SETS(CHOPPED), false);
    struct answer tones = ask("fmcomms-bench", SETS(PLAIN_RADIO), false);
    cr_assert_eq(chips.opened, OAC_OK, "%s", chips.message);
    cr_assert_eq(tones.opened, OAC_OK, "%s", tones.message);
    /* single precision of the mean light, which is larger than the product */
    cr_expect_lt(fabs(chips.code[0]), 3e-5 * chips.full, "%g of %g", chips.code[0], chips.full);
    /* and the grid, on which a period of the carrier is seven samples */
    cr_expect_lt(fabs(tones.code[0]), 3e-5 * tones.full, "%g of %g", tones.code[0], tones.full);
}

Test(subcarrier, chips_are_apart_wherever_samples_lie)
{
    for (unsigned i = 0; i < 4; i++) { /* a sample is 1 us, a chip three */
        char delay[40];
        snprintf(delay, sizeof delay, "timing.adc_delay_s=%g", 1e-6 * (3.0 + 0.3 * i));
        struct answer answer = ask("m2k-bench", SETS(CHOPPED, delay), false);
        cr_assert_eq(answer.opened, OAC_OK, "%s", answer.message);
        cr_expect_float_eq(answer.delay_s * 1e6, 3.0 + 0.3 * i, 0.02, "%s: %g", delay,
                           answer.delay_s);
        cr_expect_lt(answer.worst, 2e-3, "%s: %g of full scale", delay, answer.worst);
    }
}

Test(subcarrier, tones_are_heard_in_any_phase_of_the_receiver)
{
    for (int i = -1; i <= 1; i++) {
        char phase[40];
        snprintf(phase, sizeof phase, "subcarrier.phase_rad=%g", 2.5 * i);
        struct answer answer = ask("fmcomms-bench", SETS(PLAIN_RADIO, phase), false);
        cr_assert_eq(answer.opened, OAC_OK, "%s", answer.message);
        /* Its filter of 13 samples smears 0.4 of a slot over both ends of 300: 2.7e-3. */
        cr_expect_lt(answer.worst, 5e-3, "%s: %g of full scale", phase, answer.worst);
    }
}

Test(subcarrier, tones_of_a_late_receiver_are_those_of_a_punctual_one)
{
    for (unsigned i = 0; i < 4; i++) { /* a sample is 16.3 ns, of which light has seven */
        char delay[40];
        snprintf(delay, sizeof delay, "timing.adc_delay_s=%g", 2.3251488e-9 * (14.0 + 2.0 * i));
        struct answer answer = ask("fmcomms-bench", SETS(PLAIN_RADIO, delay), false);
        cr_assert_eq(answer.opened, OAC_OK, "%s", answer.message);
        /* The same, and a delay that what leaks of the carriers moves by half a sample: each end of the
         * payload is then half a sample off, and the preamble's phase by up to 7 degrees, 7.5e-3. */
        cr_expect_lt(answer.worst, 1e-2, "%s: %g of full scale, found %g s", delay,
                     answer.worst, answer.delay_s);
    }
}

Test(subcarrier, a_modulator_at_its_peak_is_refused_with_what_to_do)
{
    struct oac_rig rig;
    struct oac_err err;
    cr_expect_neq(oac_rig_read("m2k-bench", SETS(CHOPPED, "client_modulator.bias_v=4.5"), &rig,
                               NULL, &err),
                  OAC_OK);
    cr_expect(strstr(err.message, "client_modulator.bias_v") && strstr(err.message, "slope"),
              "%s", err.message);
    cr_expect_neq(
        oac_rig_read("m2k-bench", SETS(CHOPPED, "adc.samples_per_slot=18"), &rig, NULL, &err),
        OAC_OK);
    cr_expect(strstr(err.message, "adc.samples_per_slot 18") && strstr(err.message, "chips"),
              "%s", err.message);
    cr_expect_neq(
        oac_rig_read("fmcomms-bench", SETS("subcarrier.carrier_hz=200e6"), &rig, NULL, &err),
        OAC_OK);
    cr_expect(strstr(err.message, "wave.samples_per_slot"), "%s", err.message);
}
