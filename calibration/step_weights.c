/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight modulators: random codes under a row of slow biases, all channels at once with the client open. Every
 * detector's readouts are fitted by its own curve and by what the other channels did at the time, so
 * curves, gains and crosstalk come from the same windows:
 *     code[k] = zero + N gain[k,k] Tx T_k(V_k) + sum_(j != k) N gain[k,j] Tx T_j(V_j)
 * T_j are taken from a first fit in which crosstalk is noise; every further round uses those of the round before,
 * until no curve moves any more: an error of T_j comes back times the crosstalk.
 *
 * The client is closed in the first and the last slots of a window, as many as the weights may be late or
 * early: light of the codes that rest between windows would pass for r. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/fit_transfer.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"

#define DARK_STATES 32
/* Rounds end when no curve moved by more than this part of a standard error; crosstalk of -15 dB from both
 * neighbours takes five. */
#define STILL_SIGMAS 0.01
#define ROUNDS_MAX   12

/* A window of this sweep: `lit` slots between 2 `edge` in which the client is closed. */
struct window {
    size_t lit, edge;
    uint16_t closed;
};

static struct window window_of(const struct oac_measure *measure,
                               const struct oac_calibration *calibration)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t room = (caps->slots_max - 1) / 2;
    const size_t edge = calibration->edge_slots < room ? calibration->edge_slots : room;
    const size_t most = caps->slots_max - 2 * edge;
    return (struct window){.lit = calibration->slots < most ? calibration->slots : most,
                           .edge = edge,
                           .closed = oac_step_null_code(caps->client, &calibration->client,
                                                        calibration->client_bias_v)};
}

static size_t window_slots(const struct window *window)
{
    return window->lit + 2 * window->edge;
}

/* All repeats of one state, the client at `open` in the lit slots. */
static enum oac_status play_windows(struct oac_measure *measure,
                                    const struct oac_calibration *calibration,
                                    const struct oac_sweep *sweep, const uint16_t *weight,
                                    uint16_t open, uint16_t *client, double *code,
                                    struct oac_err *err)
{
    const struct window window = window_of(measure, calibration);
    const size_t slots = window_slots(&window);
    for (size_t i = 0; i < sweep->repeats * slots; i++) {
        const size_t n = i % slots;
        const bool lit = n >= window.edge && n < window.edge + window.lit;
        client[i] = lit ? open : window.closed;
    }
    return oac_measure_hold_weights(measure, slots, weight, sweep->repeats, client, code, NULL,
                                    err);
}

static enum oac_status play_dark(struct oac_measure *measure,
                                 const struct oac_calibration *calibration,
                                 struct oac_sweep *sweep, uint16_t *weight, uint16_t *client,
                                 double *code, struct oac_err *err)
{
    uint16_t open;
    oac_step_dark_codes(measure, calibration, weight, &open);
    if (oac_step_lasers(measure, false, err))
        return err->status;
    for (size_t d = 0; d < DARK_STATES; d++) {
        if (play_windows(measure, calibration, sweep, weight, open, client, code, err))
            return err->status;
        oac_sweep_put(sweep, sweep->states + d, code);
    }
    return oac_step_lasers(measure, true, err);
}

/* One state: a random code on every channel. */
static enum oac_status play_state(struct oac_measure *measure,
                                  const struct oac_calibration *calibration,
                                  struct oac_sweep *sweep, size_t s, const double *bias_v,
                                  uint16_t *weight, uint16_t *client, double *code,
                                  struct oac_err *err)
{
    const size_t channels = calibration->channels;
    for (size_t k = 0; k < channels; k++) {
        const struct oac_port *port = &measure->link->caps->weight[k];
        weight[k] = oac_measure_random_code(measure, port, s, (uint32_t)k);
        sweep->v_v[s * channels + k] = oac_port_voltage(port, weight[k]) + bias_v[k];
        sweep->place[s * channels + k] =
            (double)(weight[k] - port->code_min) / (double)(port->code_max - port->code_min);
    }
    if (play_windows(measure, calibration, sweep, weight, calibration->client_open, client,
                     code, err))
        return err->status;
    oac_sweep_put(sweep, s, code);
    return OAC_OK;
}

static enum oac_status set_biases(struct oac_measure *measure,
                                  const struct oac_calibration *calibration, size_t level,
                                  size_t levels, double *bias_v, struct oac_err *err)
{
    for (size_t k = 0; k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        bias_v[k] = channel->weight_bias_v;
        if (!oac_measure_has(measure, OAC_BIAS_WEIGHT_V))
            continue;
        const double wanted_v =
            oac_step_bias(measure, OAC_BIAS_WEIGHT_V, &measure->link->caps->weight[k],
                          channel->weight.vpi_v, bias_v[k], (level + 5 * k) % levels, levels);
        if (oac_measure_set(measure, OAC_BIAS_WEIGHT_V, k, wanted_v, &bias_v[k], err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status play_sweep(struct oac_measure *measure,
                                  const struct oac_calibrate_options *options,
                                  const struct oac_calibration *calibration,
                                  struct oac_sweep *sweep, struct oac_err *err)
{
    const size_t channels = calibration->channels;
    const struct window window = window_of(measure, calibration);
    double *bias_v = oac_alloc(channels, sizeof *bias_v, "biases", err);
    uint16_t *weight = oac_alloc(channels, sizeof *weight, "codes", err);
    uint16_t *client =
        oac_alloc(sweep->repeats * window_slots(&window), sizeof *client, "codes", err);
    double *code = oac_alloc(sweep->repeats * channels, sizeof *code, "readouts", err);
    enum oac_status status = bias_v && weight && client && code ? OAC_OK : OAC_ENOMEM;
    if (status == OAC_OK)
        status = play_dark(measure, calibration, sweep, weight, client, code, err);
    for (size_t s = 0; status == OAC_OK && s < sweep->states; s++) {
        if (s % options->codes == 0)
            status = set_biases(measure, calibration, s / options->codes, options->biases,
                                bias_v, err);
        if (status == OAC_OK)
            status =
                play_state(measure, calibration, sweep, s, bias_v, weight, client, code, err);
        oac_progress(measure->sink, "weights", s + 1, sweep->states, NULL);
    }
    free(bias_v);
    free(weight);
    free(client);
    free(code);
    return status;
}

/* Columns of one channel's fit, taken out of the sweep. */
struct columns {
    double *y, *sigma, *v_v, *place, *other;
    double *memory;
};

static enum oac_status columns_init(struct columns *columns, const struct oac_sweep *sweep,
                                    struct oac_err *err)
{
    const size_t all = sweep->states + sweep->dark_states;
    columns->memory =
        oac_alloc(all * (4 + sweep->channels), sizeof(double), "a sweep's columns", err);
    if (!columns->memory)
        return err->status;
    columns->y = columns->memory;
    columns->sigma = columns->y + all;
    columns->v_v = columns->sigma + all;
    columns->place = columns->v_v + all;
    columns->other = columns->place + all;
    return OAC_OK;
}

static void columns_fill(struct columns *columns, const struct oac_sweep *sweep,
                         const struct oac_calibration *calibration, size_t k)
{
    const size_t all = sweep->states + sweep->dark_states, channels = sweep->channels;
    for (size_t s = 0; s < all; s++) {
        double *other = columns->other + s * (channels - 1);
        columns->y[s] = sweep->mean[s * channels + k];
        columns->v_v[s] = sweep->v_v[s * channels + k];
        columns->place[s] = sweep->place[s * channels + k];
        for (size_t j = 0; j < channels; j++)
            if (j != k)
                *other++ = oac_curve_transmission(&calibration->channel[j].weight,
                                                  sweep->v_v[s * channels + j]);
    }
}

static enum oac_status fit_channel(const struct oac_measure *measure,
                                   const struct oac_sweep *sweep,
                                   const struct oac_calibration *calibration,
                                   struct columns *columns, size_t k, bool crosstalk,
                                   struct oac_fit *fit, struct oac_err *err)
{
    const struct oac_calibration_channel *channel = &calibration->channel[k];
    const struct window window = window_of(measure, calibration);
    const double zero =
        channel->offset_code + (double)window_slots(&window) * channel->dark_code_per_slot;
    char what[64];
    double variance[3] = {channel->variance[0], channel->variance[1], channel->variance[2]};
    snprintf(what, sizeof what, "weight modulator %zu", k);
    columns_fill(columns, sweep, calibration, k);
    oac_sweep_sigma(sweep, k, zero, variance, columns->sigma);
    const bool biased = oac_measure_has(measure, OAC_BIAS_WEIGHT_V);
    const struct oac_transfer_data data = {
        .readout = {.points = sweep->states + sweep->dark_states,
                    .y = columns->y,
                    .sigma = columns->sigma,
                    .cluster = sweep->cluster},
        .v_v = columns->v_v,
        .lit = sweep->lit,
        .place = biased && crosstalk ? columns->place : NULL,
        .lsb_v = measure->link->caps->weight[k].lsb_v,
        .others = crosstalk ? sweep->channels - 1 : 0,
        .other = columns->other};
    return oac_transfer_fit(what, &data, &channel->weight, zero,
                            (double)window.lit * channel->full_code, fit, err);
}

/* The largest change of gain and curve from one round's fit to the next, in standard errors. */
static double moved_sigmas(const struct oac_fit *before, const struct oac_fit *now)
{
    double most = before->parameters == now->parameters ? 0.0 : HUGE_VAL;
    for (size_t i = OAC_TRANSFER_FULL; before->estimate && i <= OAC_TRANSFER_R; i++)
        most = fmax(most, fabs(now->estimate[i] - before->estimate[i]) / oac_fit_sigma(now, i));
    return most;
}

/* What the fits say goes into the calibration. `slots` is how many were lit; what a closed client lets through
 * at the edges makes all gains larger by the same part, and only their proportions are used. */
static void take_fit(struct oac_calibration *calibration, size_t k, double slots,
                     bool crosstalk, struct oac_fit *fit)
{
    struct oac_calibration_channel *channel = &calibration->channel[k];
    const size_t channels = calibration->channels;
    channel->weight = oac_transfer_curve(fit);
    channel->full_code = fit->estimate[OAC_TRANSFER_FULL] / slots;
    channel->full_sigma_code = oac_fit_sigma(fit, OAC_TRANSFER_FULL) / slots;
    calibration->gain[k * channels + k] = channel->full_code;
    calibration->gain_sigma[k * channels + k] = channel->full_sigma_code;
    for (size_t j = 0, at = OAC_TRANSFER_OTHERS; crosstalk && j < channels; j++) {
        if (j == k)
            continue;
        calibration->gain[k * channels + j] = fit->estimate[at] / slots;
        calibration->gain_sigma[k * channels + j] = oac_fit_sigma(fit, at) / slots;
        at++;
    }
    oac_fit_fini(&channel->weight_fit);
    channel->weight_fit = *fit;
    memset(fit, 0, sizeof *fit);
}

static enum oac_status fit_round(const struct oac_measure *measure,
                                 const struct oac_sweep *sweep,
                                 struct oac_calibration *calibration, struct columns *columns,
                                 int round, double *moved, struct oac_err *err)
{
    const struct window window = window_of(measure, calibration);
    struct oac_fit *fits =
        oac_alloc(sweep->channels, sizeof *fits, "fits of weight modulators", err);
    enum oac_status status = fits ? OAC_OK : OAC_ENOMEM;
    for (size_t k = 0; status == OAC_OK && k < sweep->channels; k++) {
        status = fit_channel(measure, sweep, calibration, columns, k, round > 0, &fits[k], err);
        oac_progress(measure->sink, "weight curves", (size_t)round * sweep->channels + k + 1,
                     ROUNDS_MAX * sweep->channels, NULL);
        if (status == OAC_OK && oac_stop_requested(measure->sink))
            status =
                oac_fail(err, OAC_EINTERRUPTED, "interrupted: the calibration is not complete");
    }
    /* Together, so that no channel sees another's new curve before the round is over. */
    *moved = 0.0;
    for (size_t k = 0; fits && k < sweep->channels; k++) {
        if (status == OAC_OK) {
            *moved = fmax(*moved, moved_sigmas(&calibration->channel[k].weight_fit, &fits[k]));
            take_fit(calibration, k, (double)window.lit, round > 0, &fits[k]);
        }
        oac_fit_fini(&fits[k]);
    }
    free(fits);
    return status;
}

enum oac_status oac_step_weights(struct oac_measure *measure,
                                 const struct oac_calibrate_options *options,
                                 struct oac_calibration *calibration, struct oac_err *err)
{
    const size_t channels = calibration->channels;
    struct oac_sweep sweep;
    struct columns columns = {0};
    if (oac_sweep_init(&sweep, options->biases * options->codes, DARK_STATES, channels,
                       channels, options->repeats, err))
        return err->status;
    enum oac_status status = OAC_OK;
    uint64_t before;
    do { /* a code that opens further than the coarse search saw may overflow the readout */
        before = measure->saturated;
        status = play_sweep(measure, options, calibration, &sweep, err);
    } while (status == OAC_OK && oac_step_shorter(measure, calibration, before));
    if (status == OAC_OK)
        status = columns_init(&columns, &sweep, err);
    for (size_t k = 0; status == OAC_OK && k < channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        const struct window window = window_of(measure, calibration);
        const double zero =
            channel->offset_code + (double)window_slots(&window) * channel->dark_code_per_slot;
        status = oac_sweep_variance(&sweep, k, zero, channel->variance, err);
    }
    double moved = HUGE_VAL;
    for (int round = 0; status == OAC_OK && round < ROUNDS_MAX && moved > STILL_SIGMAS; round++)
        status = fit_round(measure, &sweep, calibration, &columns, round, &moved, err);
    if (status == OAC_OK && moved > STILL_SIGMAS)
        oac_log(measure->sink, OAC_LOG_WARNING,
                "weight curves still move by %.2g standard errors after %d rounds: too much "
                "crosstalk",
                moved, ROUNDS_MAX);
    free(columns.memory);
    oac_sweep_fini(&sweep);
    if (status == OAC_OK)
        status = oac_step_operate(measure, calibration, err);
    return status;
}
