/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second detectors of pairs. With all weights at their nulls their second outputs are open, and with the
 * client at its peak no error of a code moves any of that light. N slots, lit (1) or dark (0), read by the
 * first detector alone and by the difference:
 *     first       code - offset_1 - N dark_1 = N lit leak
 *     difference  code = offset + N dark + N lit (leak - minus open)
 * leak is what nulls let through, whatever r is; open, what the gains say that all lasers give on the first
 * detector with all open. Two lengths tell offset from dark. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"
#include "calibration/steps.h"

enum { OFFSET, DARK, LEAK, MINUS, PARAMETERS };

#define STATES  6   /* of `states` */
#define WINDOWS 384 /* of each */
#define POINTS  (STATES * WINDOWS)
#define SHORTER 4 /* a short window is that part of a long one */
/* A second detector is there when its light is beyond so many standard errors. */
#define SIGNIFICANT 5.0

static const struct state {
    bool lit, difference, shorter;
} states[STATES] = {
    {false, true, false}, {false, true, true},  {true, true, false},
    {true, true, true},   {true, false, false}, {true, false, true},
};

struct play {
    size_t slots[STATES];
    uint16_t *weight, client[WINDOWS]; /* (channels) nulls */
    double *code;                      /* (STATES, WINDOWS, channels) */
};

/* The client's transmission for laser j at a code, of that at its peak. */
static double client_at(const struct oac_measure *measure,
                        const struct oac_calibration *calibration, size_t j, uint16_t code)
{
    struct oac_curve own = calibration->client;
    own.vpi_v = calibration->channel[j].client_vpi_v;
    return oac_curve_transmission(&own, oac_port_voltage(measure->link->caps->client, code) +
                                            calibration->client_bias_v);
}

/* [code a slot] of all lasers on detector k, weights open, the client at a code. */
static double open_light(const struct oac_measure *measure,
                         const struct oac_calibration *calibration, size_t k, uint16_t code)
{
    const size_t channels = calibration->channels;
    double sum = 0.0;
    for (size_t j = 0; j < channels; j++)
        sum += calibration->gain[k * channels + j] * client_at(measure, calibration, j, code);
    return sum;
}

/* Where lasers cannot be switched off, the client's null is what dark is. */
static uint16_t client_code(const struct oac_measure *measure,
                            const struct oac_calibration *calibration, bool lit)
{
    return lit ? calibration->client_open
               : oac_step_null_code(measure->link->caps->client, &calibration->client,
                                    calibration->client_bias_v);
}

static enum oac_status play_state(struct oac_measure *measure,
                                  const struct oac_calibration *calibration, size_t s,
                                  struct play *play, struct oac_err *err)
{
    double *code = play->code + s * WINDOWS * calibration->channels;
    for (size_t b = 0; b < WINDOWS; b++)
        play->client[b] = client_code(measure, calibration, states[s].lit);
    if (oac_step_lasers(measure, states[s].lit, err))
        return err->status;
    measure->differential = states[s].difference;
    enum oac_status status = oac_measure_hold(measure, play->slots[s], play->weight, WINDOWS,
                                              play->client, code, NULL, err);
    measure->differential = false;
    return status;
}

/* Differences are negative, where readouts may reach less far: shorter windows until none clips. */
static enum oac_status play_all(struct oac_measure *measure,
                                const struct oac_calibration *calibration, struct play *play,
                                struct oac_err *err)
{
    uint64_t before;
    size_t slots = calibration->slots;
    do {
        before = measure->saturated;
        for (size_t s = 0; s < STATES; s++) {
            play->slots[s] = states[s].shorter ? (slots + SHORTER - 1) / SHORTER : slots;
            if (play_state(measure, calibration, s, play, err))
                return err->status;
            oac_progress(measure->sink, "pairs", s + 1, STATES, NULL);
        }
        slots /= 2;
    } while (measure->saturated > before && slots > 1);
    return OAC_OK;
}

/* Sigma of a state's windows, by their scatter; at least that of rounding. */
static double scatter(const double *code, size_t channels)
{
    double mean = 0.0, variance = 0.0;
    for (size_t b = 0; b < WINDOWS; b++)
        mean += code[b * channels] / WINDOWS;
    for (size_t b = 0; b < WINDOWS; b++)
        variance += pow(code[b * channels] - mean, 2.0) / (WINDOWS - 1);
    return sqrt(fmax(variance, 1.0 / 12.0));
}

static void fill_state(const struct oac_measure *measure,
                       const struct oac_calibration *calibration, const struct play *play,
                       size_t s, size_t k, double *y, double *sigma, double *design)
{
    const struct oac_calibration_channel *channel = &calibration->channel[k];
    const size_t channels = calibration->channels;
    const double *code = play->code + s * WINDOWS * channels + k;
    const double slots = (double)play->slots[s], own = scatter(code, channels);
    const double zero = channel->offset_code + slots * channel->dark_code_per_slot;
    const bool off = !states[s].lit && oac_measure_has(measure, OAC_LASER_ON);
    const uint16_t client = client_code(measure, calibration, states[s].lit);
    const double lit = off ? 0.0 : client_at(measure, calibration, k, client);
    const double open = off ? 0.0 : open_light(measure, calibration, k, client);
    for (size_t b = 0; b < WINDOWS; b++) {
        double *row = design + b * PARAMETERS;
        y[b] = code[b * channels] - (states[s].difference ? 0.0 : zero);
        sigma[b] = own;
        row[OFFSET] = states[s].difference;
        row[DARK] = states[s].difference ? slots : 0.0;
        row[LEAK] = slots * lit;
        row[MINUS] = states[s].difference ? -slots * open : 0.0;
    }
}

static enum oac_status fit_channel(const struct oac_measure *measure, const struct play *play,
                                   size_t k, double *memory,
                                   struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_calibration_channel *channel = &calibration->channel[k];
    double *y = memory, *sigma = y + POINTS, *design = sigma + POINTS;
    for (size_t s = 0; s < STATES; s++)
        fill_state(measure, calibration, play, s, k, y + s * WINDOWS, sigma + s * WINDOWS,
                   design + s * WINDOWS * PARAMETERS);
    const struct oac_fit_data data = {.points = POINTS, .y = y, .sigma = sigma};
    if (oac_linear_least_squares("pair", &data, PARAMETERS, design, &channel->pair_fit, err))
        return oac_fail_within(err, "channel %zu", k);
    const double *found = channel->pair_fit.estimate;
    channel->offset_pair_code = found[OFFSET];
    channel->dark_pair_code_per_slot = found[DARK];
    channel->minus_gain = found[MINUS];
    channel->minus_gain_sigma = oac_fit_sigma(&channel->pair_fit, MINUS);
    if (channel->minus_gain > SIGNIFICANT * channel->minus_gain_sigma)
        return OAC_OK;
    return oac_fail(err, OAC_EMISSED,
                    "channel %zu: the second detector of its pair hears %.2g +- %.2g of the "
                    "first's light: check the fiber from its modulator's second output",
                    k, channel->minus_gain, channel->minus_gain_sigma);
}

enum oac_status oac_step_pairs(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    (void)options;
    const size_t channels = calibration->channels;
    if (!measure->link->caps->differential)
        return OAC_OK;
    struct play play = {
        .weight = oac_alloc(channels, sizeof *play.weight, "codes", err),
        .code = oac_alloc(STATES * WINDOWS * channels, sizeof *play.code, "readouts", err)};
    double *memory = oac_alloc((2 + PARAMETERS) * POINTS, sizeof *memory, "readouts", err);
    enum oac_status status = play.weight && play.code && memory ? OAC_OK : OAC_ENOMEM;
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        play.weight[k] =
            oac_step_null_code(&measure->link->caps->weight[k], &calibration->channel[k].weight,
                               calibration->channel[k].weight_bias_v);
    if (status == OAC_OK)
        status = play_all(measure, calibration, &play, err);
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        status = fit_channel(measure, &play, k, memory, calibration, err);
    free(play.weight);
    free(play.code);
    free(memory);
    return status;
}
