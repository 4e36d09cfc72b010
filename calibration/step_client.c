/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's modulator: random codes under a row of slow biases with the weights open, heard by all
 * channels. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/fit_client.h"
#include "calibration/fit_crosstalk.h"
#include "calibration/fit_transfer.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"

#define DARK_STATES 32

/* `states` random codes (or `dark`, in the dark) from state s on, each for all its repeats, in one play. */
static enum oac_status play_states(struct oac_measure *measure,
                                   const struct oac_calibration *calibration,
                                   struct oac_sweep *sweep, size_t s, size_t states,
                                   double bias_v, const uint16_t *weight, uint16_t dark,
                                   uint16_t *client, double *code, struct oac_err *err)
{
    const struct oac_port *port = measure->link->caps->client;
    const size_t repeats = sweep->repeats;
    for (size_t i = 0; i < states; i++) {
        const bool lit = s + i < sweep->states;
        const uint16_t drawn =
            lit ? oac_measure_random_code(measure, port, s + i, 1u << 20) : dark;
        sweep->v_v[s + i] = oac_port_voltage(port, drawn) + bias_v;
        sweep->place[s + i] =
            (double)(drawn - port->code_min) / (double)(port->code_max - port->code_min);
        for (size_t r = 0; r < repeats; r++)
            client[i * repeats + r] = drawn;
    }
    if (oac_measure_hold(measure, calibration->slots, weight, states * repeats, client, code,
                         NULL, err))
        return err->status;
    for (size_t i = 0; i < states; i++)
        oac_sweep_put(sweep, s + i, code + i * repeats * sweep->channels);
    return OAC_OK;
}

static enum oac_status play_sweep(struct oac_measure *measure,
                                  const struct oac_calibrate_options *options,
                                  const struct oac_calibration *calibration,
                                  struct oac_sweep *sweep, struct oac_err *err)
{
    const struct oac_port *port = measure->link->caps->client;
    const size_t most = options->codes > DARK_STATES ? options->codes : DARK_STATES;
    uint16_t *client = oac_alloc(most * sweep->repeats, sizeof *client, "codes", err);
    double *code =
        oac_alloc(most * sweep->repeats * sweep->channels, sizeof *code, "readouts", err);
    uint16_t dark, *closed = oac_alloc(sweep->channels, sizeof *closed, "codes", err);
    double bias_v = calibration->client_bias_v;
    enum oac_status status = client && code && closed ? OAC_OK : OAC_ENOMEM;
    for (size_t b = 0; status == OAC_OK && b < options->biases; b++) {
        const double wanted_v =
            oac_step_bias(measure, OAC_BIAS_CLIENT_V, port, calibration->client.vpi_v,
                          calibration->client_bias_v, b, options->biases);
        if (oac_measure_has(measure, OAC_BIAS_CLIENT_V))
            status = oac_measure_set(measure, OAC_BIAS_CLIENT_V, 0, wanted_v, &bias_v, err);
        if (status == OAC_OK)
            status =
                play_states(measure, calibration, sweep, b * options->codes, options->codes,
                            bias_v, calibration->weight_open, 0, client, code, err);
        oac_progress(measure->sink, "client", b + 1, options->biases, NULL);
    }
    if (status == OAC_OK) {
        oac_step_dark_codes(measure, calibration, closed, &dark);
        status = oac_step_lasers(measure, false, err);
    }
    if (status == OAC_OK)
        status = play_states(measure, calibration, sweep, sweep->states, DARK_STATES, bias_v,
                             closed, dark, client, code, err);
    if (status == OAC_OK)
        status = oac_step_lasers(measure, true, err);
    free(client);
    free(code);
    free(closed);
    return status;
}

/* Other lasers' light per own, at the weights that were open, and open (channels): how far they were. */
static void fill_mix(const struct oac_measure *measure,
                     const struct oac_calibration *calibration, double *mix, double *open)
{
    const size_t channels = calibration->channels;
    for (size_t j = 0; j < channels; j++) {
        const struct oac_calibration_channel *channel = &calibration->channel[j];
        const double v_v =
            oac_port_voltage(&measure->link->caps->weight[j], calibration->weight_open[j]) +
            channel->weight_bias_v;
        open[j] = oac_curve_transmission(&channel->weight, v_v);
        for (size_t k = 0; k < channels; k++)
            mix[k * channels + j] = calibration->gain[k * channels + j] * open[j];
    }
    for (size_t k = 0; k < channels; k++) {
        const double own = mix[k * channels + k];
        for (size_t j = 0; j < channels; j++)
            mix[k * channels + j] /= own;
    }
}

static enum oac_status fit_block(struct oac_calibration *calibration,
                                 const struct oac_client_data *data, struct oac_fit *fit,
                                 struct oac_err *err)
{
    const double slots = (double)calibration->slots;
    double zero[OAC_CLIENT_BLOCK], full[OAC_CLIENT_BLOCK];
    for (size_t i = 0; i < data->count; i++) {
        const struct oac_calibration_channel *channel = &calibration->channel[data->first + i];
        zero[i] = channel->offset_code + slots * channel->dark_code_per_slot;
        full[i] = slots * channel->full_code;
    }
    /* One modulator: which of its peaks the wavelength does not move, the first block tells for all. Where
     * V_pi hardly differs any of them fits, and means over blocks of different ones would be none. */
    const bool first = data->first == 0;
    if ((first ? oac_client_fit_order : oac_client_fit)(data, &calibration->client, zero, full,
                                                        fit, err))
        return err->status;
    if (first)
        calibration->client.vpeak_v = fit->estimate[oac_client_vpeak(data)];
    for (size_t i = 0; i < data->count; i++)
        calibration->channel[data->first + i].client_vpi_v =
            fit->estimate[oac_client_vpi(data, i)];
    return OAC_OK;
}

/* Blocks saw the same modulator: V_peak and r are their means, weighted by their errors; V_pi is that of
 * the band's centre, the mean over channels. */
static void combine(struct oac_calibration *calibration, const struct oac_client_data *shape)
{
    double vpeak = 0.0, vpeak_weight = 0.0, r = 0.0, r_weight = 0.0, vpi = 0.0;
    for (size_t b = 0; b < calibration->client_blocks; b++) {
        const struct oac_fit *fit = &calibration->client_fit[b];
        struct oac_client_data block = *shape;
        block.count = (fit->parameters - (shape->place ? OAC_INL_TERMS : 0) - 2) / 3;
        const size_t at_vpeak = oac_client_vpeak(&block), at_r = oac_client_r(&block);
        const double wp = pow(oac_fit_sigma(fit, at_vpeak), -2.0);
        const double wr = pow(oac_fit_sigma(fit, at_r), -2.0);
        vpeak += wp * fit->estimate[at_vpeak];
        vpeak_weight += wp;
        r += wr * fit->estimate[at_r];
        r_weight += wr;
    }
    for (size_t k = 0; k < calibration->channels; k++)
        vpi += calibration->channel[k].client_vpi_v / (double)calibration->channels;
    calibration->client = (struct oac_curve){vpi, vpeak / vpeak_weight, r / r_weight};
}

/* Where channel k's fit of its weight keeps the light of laser j. */
static size_t own_parameter(size_t k, size_t j)
{
    if (j == k)
        return OAC_TRANSFER_FULL;
    return OAC_TRANSFER_OTHERS + (j < k ? j : j - 1);
}

/* The weights' sweep tells in what proportion the lasers share a readout, x_j/S with S = sum open_j x_j,
 * while the client was as open as was known then. This sweep, with all weights at their peaks, where an
 * error of a code moves nothing, tells all light together, total_k. Errors of the two are independent:
 *     gain[k,j] = total_k x_j/S,   variance = (x_j/S)^2 var(total) + total^2 g C g^T,   g_i = (d_ij -
 * open_i x_j/S)/S */
static enum oac_status settle_row(struct oac_calibration *calibration, const double *mix,
                                  const double *open, size_t k, struct oac_err *err)
{
    const size_t channels = calibration->channels;
    struct oac_calibration_channel *channel = &calibration->channel[k];
    const struct oac_fit *heard = &calibration->client_fit[k / OAC_CLIENT_BLOCK];
    const struct oac_fit *shared = &channel->weight_fit;
    const size_t i = k % OAC_CLIENT_BLOCK, rest = channels - (k - i);
    const struct oac_client_data block = {
        .count = rest < OAC_CLIENT_BLOCK ? rest : (size_t)OAC_CLIENT_BLOCK};
    double *gradient = oac_alloc(shared->parameters, sizeof *gradient, "gains", err);
    if (!gradient)
        return err->status;
    double all = 0.0, sum = 0.0;
    for (size_t j = 0; j < channels; j++) {
        all += mix[k * channels + j];
        sum += open[j] * shared->estimate[own_parameter(k, j)];
    }
    const double per_slot = all / (double)calibration->slots;
    const double total = heard->estimate[oac_client_full(&block, i)] * per_slot;
    const double total_sigma = oac_fit_sigma(heard, oac_client_full(&block, i)) * per_slot;
    for (size_t j = 0; j < channels; j++) {
        const double part = shared->estimate[own_parameter(k, j)] / sum;
        for (size_t m = 0; m < channels; m++)
            gradient[own_parameter(k, m)] = ((m == j) - part * open[m]) / sum;
        calibration->gain[k * channels + j] = total * part;
        calibration->gain_sigma[k * channels + j] =
            hypot(part * total_sigma, total * sqrt(oac_fit_variance(shared, gradient)));
    }
    channel->full_code = calibration->gain[k * channels + k];
    channel->full_sigma_code = calibration->gain_sigma[k * channels + k];
    free(gradient);
    return OAC_OK;
}

static enum oac_status fit_blocks(const struct oac_measure *measure,
                                  const struct oac_sweep *sweep,
                                  struct oac_calibration *calibration, struct oac_err *err)
{
    const size_t channels = sweep->channels, all = sweep->states + sweep->dark_states;
    const size_t blocks = (channels + OAC_CLIENT_BLOCK - 1) / OAC_CLIENT_BLOCK;
    double *sigma = oac_alloc(all * channels, sizeof *sigma, "the client's sweep", err);
    double *own = oac_alloc(all + 2 * channels, sizeof *own, "the client's sweep", err);
    double *mix = oac_alloc(channels * channels, sizeof *mix, "crosstalk", err);
    calibration->client_fit =
        oac_alloc(blocks, sizeof *calibration->client_fit, "the client's fits", err);
    enum oac_status status =
        sigma && own && mix && calibration->client_fit ? OAC_OK : OAC_ENOMEM;
    if (status != OAC_OK)
        goto done;
    double *vpi_seed_v = own + all, *open = vpi_seed_v + channels;
    for (size_t k = 0; k < channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        const double zero =
            channel->offset_code + (double)calibration->slots * channel->dark_code_per_slot;
        oac_sweep_sigma(sweep, k, zero, channel->variance, own);
        for (size_t s = 0; s < all; s++)
            sigma[s * channels + k] = own[s];
        vpi_seed_v[k] = channel->client_vpi_v;
    }
    fill_mix(measure, calibration, mix, open);
    struct oac_client_data data = {
        .states = all,
        .channels = channels,
        .y = sweep->mean,
        .sigma = sigma,
        .v_v = sweep->v_v,
        .lit = sweep->lit,
        .place = oac_measure_has(measure, OAC_BIAS_CLIENT_V) ? sweep->place : NULL,
        .lsb_v = measure->link->caps->client->lsb_v,
        .mix = mix,
        .vpi_seed_v = vpi_seed_v};
    for (size_t b = 0; status == OAC_OK && b < blocks; b++) {
        data.first = b * OAC_CLIENT_BLOCK;
        data.count = channels - data.first < OAC_CLIENT_BLOCK ? channels - data.first
                                                              : (size_t)OAC_CLIENT_BLOCK;
        status = fit_block(calibration, &data, &calibration->client_fit[b], err);
        calibration->client_blocks += status == OAC_OK;
        oac_progress(measure->sink, "client curve", b + 1, blocks, NULL);
    }
    if (status == OAC_OK)
        combine(calibration, &data);
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        status = settle_row(calibration, mix, open, k, err);
done:
    free(sigma);
    free(own);
    free(mix);
    return status;
}

enum oac_status oac_step_client(struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_sweep sweep;
    if (oac_sweep_init(&sweep, options->biases * options->codes, DARK_STATES,
                       calibration->channels, 1, options->repeats, err))
        return err->status;
    enum oac_status status = OAC_OK;
    uint64_t before;
    do {
        before = measure->saturated;
        status = play_sweep(measure, options, calibration, &sweep, err);
    } while (status == OAC_OK && oac_step_shorter(measure, calibration, before));
    if (status == OAC_OK)
        status = fit_blocks(measure, &sweep, calibration, err);
    oac_sweep_fini(&sweep);
    if (status == OAC_OK)
        status = oac_crosstalk_invert(calibration->channels, calibration->gain,
                                      calibration->crosstalk, calibration->unmix,
                                      &calibration->condition, err);
    if (status == OAC_OK)
        status = oac_step_operate(measure, calibration, err);
    return status;
}
