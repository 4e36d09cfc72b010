/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First light: a coarse grid of weight and client voltages, wide enough for a peak and a null of
 * modulators whose peaks may be anywhere. Light is full Tw(Vw) Tx(Vx), so the sum over all client voltages
 * follows the weight's curve and the other way round.
 *
 * Every channel goes through the weight's grid in an order of its own, so that crosstalk is spread over it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/fit_transfer.h"
#include "calibration/steps.h"

#define BIASES       6
#define CODES        5
#define GRID         (BIASES * CODES)
#define OPEN_WINDOWS 16
#define WINDOW       (2 * CODES) /* client codes of one play, each twice */
/* V_pi is looked for from .. to times nominal; issue: +-20 %. */
#define VPI_LOW  0.65
#define VPI_HIGH 1.5

struct search {
    size_t channels, slots;
    double *weight_sum; /* (GRID, channels) light over all client voltages [code] */
    double *weight_v;   /* (GRID, channels) [V] */
    double *client_sum; /* (GRID, channels) */
    double client_v[GRID];
    uint16_t *codes; /* (channels) */
    double *code;    /* (WINDOW, channels) */
    uint32_t *saturated;
};

static enum oac_status search_init(struct search *search, size_t channels, struct oac_err *err)
{
    *search = (struct search){.channels = channels};
    search->weight_sum = oac_alloc(3 * GRID * channels, sizeof(double), "a search", err);
    search->codes = oac_alloc(channels, sizeof *search->codes, "a search", err);
    search->code = oac_alloc(WINDOW * channels, sizeof *search->code, "a search", err);
    search->saturated = oac_alloc(channels, sizeof *search->saturated, "a search", err);
    if (!search->weight_sum || !search->codes || !search->code || !search->saturated)
        return err->status;
    search->weight_v = search->weight_sum + GRID * channels;
    search->client_sum = search->weight_v + GRID * channels;
    return OAC_OK;
}

static void search_fini(struct search *search)
{
    free(search->weight_sum);
    free(search->codes);
    free(search->code);
    free(search->saturated);
}

/* Codes at the middles of CODES equal parts of the port's range. Without a bias, of which every level has its own,
 * the levels are places within these parts. */
static uint16_t grid_code(const struct oac_measure *measure, enum oac_setting setting,
                          const struct oac_port *port, size_t level, size_t i)
{
    const double within =
        oac_measure_has(measure, setting) ? 0.5 : ((double)level + 0.5) / BIASES;
    const double part = ((double)i + within) / CODES;
    return (uint16_t)(port->code_min +
                      (int32_t)(part * (double)(port->code_max - port->code_min)));
}

/* One weight code per channel against all codes of the client, at the biases that are set. */
static enum oac_status play_point(struct oac_measure *measure,
                                  const struct oac_calibration *calibration,
                                  struct search *search, size_t client_bias, size_t weight_code,
                                  size_t weight_bias, const double *bias_v, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    uint16_t client[WINDOW];
    for (size_t b = 0; b < WINDOW; b++)
        client[b] = grid_code(measure, OAC_BIAS_CLIENT_V, caps->client, client_bias, b / 2);
    for (size_t k = 0; k < search->channels; k++)
        search->codes[k] = grid_code(measure, OAC_BIAS_WEIGHT_V, &caps->weight[k],
                                     (weight_bias + k) % BIASES, (weight_code + k) % CODES);
    if (oac_measure_hold(measure, search->slots, search->codes, WINDOW, client, search->code,
                         search->saturated, err))
        return err->status;
    const double slots = (double)search->slots;
    for (size_t k = 0; k < search->channels; k++) {
        const size_t place = (weight_bias * CODES + weight_code) * search->channels + k;
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        const double zero = channel->offset_code + slots * channel->dark_code_per_slot;
        search->weight_v[place] =
            oac_port_voltage(&caps->weight[k], search->codes[k]) + bias_v[k];
        for (size_t b = 0; b < WINDOW; b++) {
            const double light = search->code[b * search->channels + k] - zero;
            search->weight_sum[place] += light;
            search->client_sum[(client_bias * CODES + b / 2) * search->channels + k] += light;
        }
    }
    return OAC_OK;
}

static enum oac_status set_weight_biases(struct oac_measure *measure, size_t level,
                                         const struct oac_calibration *calibration,
                                         double *bias_v, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    for (size_t k = 0; k < calibration->channels; k++) {
        bias_v[k] =
            oac_step_bias(measure, OAC_BIAS_WEIGHT_V, &caps->weight[k],
                          caps->nominal->channel[k].weight.vpi_v,
                          calibration->channel[k].weight_bias_v, (level + k) % BIASES, BIASES);
        if (oac_measure_has(measure, OAC_BIAS_WEIGHT_V) &&
            oac_measure_set(measure, OAC_BIAS_WEIGHT_V, k, bias_v[k], &bias_v[k], err))
            return err->status;
    }
    return OAC_OK;
}

static bool clips(const struct search *search)
{
    uint32_t count = 0;
    for (size_t k = 0; k < search->channels; k++)
        count += search->saturated[k];
    return count > 0;
}

/* Until a readout saturates: the grid is of no use then. */
static enum oac_status play_grid(struct oac_measure *measure,
                                 const struct oac_calibration *calibration,
                                 struct search *search, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    double *bias_v = oac_alloc(search->channels, sizeof *bias_v, "biases", err);
    enum oac_status status = bias_v ? OAC_OK : OAC_ENOMEM;
    for (size_t c = 0; status == OAC_OK && !clips(search) && c < BIASES; c++) {
        double client_bias_v =
            oac_step_bias(measure, OAC_BIAS_CLIENT_V, caps->client, caps->nominal->client.vpi_v,
                          calibration->client_bias_v, c, BIASES);
        if (oac_measure_has(measure, OAC_BIAS_CLIENT_V))
            status = oac_measure_set(measure, OAC_BIAS_CLIENT_V, 0, client_bias_v,
                                     &client_bias_v, err);
        for (size_t i = 0; i < CODES; i++)
            search->client_v[c * CODES + i] =
                oac_port_voltage(caps->client,
                                 grid_code(measure, OAC_BIAS_CLIENT_V, caps->client, c, i)) +
                client_bias_v;
        for (size_t w = 0; status == OAC_OK && !clips(search) && w < BIASES; w++) {
            status = set_weight_biases(measure, w, calibration, bias_v, err);
            for (size_t i = 0; status == OAC_OK && !clips(search) && i < CODES; i++)
                status = play_point(measure, calibration, search, c, i, w, bias_v, err);
            oac_progress(measure->sink, "first light", c * BIASES + w + 1, BIASES * BIASES,
                         NULL);
        }
    }
    free(bias_v);
    return status;
}

/* Curve through sums of `added` windows each. */
static enum oac_status seed_curve(const char *what, const double *sums, const double *v_v,
                                  size_t stride, double added, double variance,
                                  const struct oac_curve *nominal, struct oac_curve *curve,
                                  double *full, struct oac_err *err)
{
    double y[GRID + 1], sigma[GRID + 1], v[GRID + 1], lit[GRID + 1], zero;
    for (size_t i = 0; i < GRID; i++) {
        y[i] = sums[i * stride] / added;
        v[i] = v_v[i * stride];
        sigma[i] = sqrt(variance / added);
        lit[i] = 1.0;
    }
    y[GRID] = 0.0; /* the zero that was taken off is that of a dark window */
    v[GRID] = lit[GRID] = 0.0;
    sigma[GRID] = sqrt(variance / added);
    const struct oac_transfer_data data = {
        .readout = {.points = GRID + 1, .y = y, .sigma = sigma}, .v_v = v, .lit = lit};
    return oac_transfer_seed(what, &data, VPI_LOW * nominal->vpi_v, VPI_HIGH * nominal->vpi_v,
                             nominal->vpeak_v, curve, &zero, full, err);
}

/* Mean transmission over the client's grid. */
static double mean_transmission(const struct oac_curve *curve, const double *v_v)
{
    double sum = 0.0;
    for (size_t i = 0; i < GRID; i++)
        sum += oac_curve_transmission(curve, v_v[i]) / GRID;
    return sum;
}

static enum oac_status find_curves(const struct oac_measure *measure, struct search *search,
                                   struct oac_calibration *calibration, struct oac_err *err)
{
    const struct oac_calrec *nominal = measure->link->caps->nominal;
    const size_t channels = search->channels;
    const double added = GRID * 2.0;
    double all[GRID] = {0.0}, variance = 0.0, full;
    for (size_t k = 0; k < channels; k++)
        variance += calibration->channel[k].variance[0];
    for (size_t i = 0; i < GRID * channels; i++)
        all[i / channels] += search->client_sum[i];
    if (seed_curve("client modulator", all, search->client_v, 1, added, variance,
                   &nominal->client, &calibration->client, &full, err))
        return err->status;
    const double mean = mean_transmission(&calibration->client, search->client_v);
    for (size_t k = 0; k < channels; k++) {
        char what[64];
        struct oac_calibration_channel *channel = &calibration->channel[k];
        snprintf(what, sizeof what, "weight modulator %zu", k);
        if (seed_curve(what, search->weight_sum + k, search->weight_v + k, channels, added,
                       channel->variance[0], &nominal->channel[k].weight, &channel->weight,
                       &full, err))
            return err->status;
        channel->full_code = full / mean / (double)search->slots;
        channel->client_vpi_v = calibration->client.vpi_v;
        channel->open_code = channel->full_code;
        calibration->gain[k * channels + k] = channel->full_code;
    }
    return OAC_OK;
}

/* Plays the grid with windows of so many slots; *clipped when the readout did not take them. */
static enum oac_status look(struct oac_measure *measure, struct search *search,
                            struct oac_calibration *calibration, bool *clipped,
                            struct oac_err *err)
{
    for (size_t i = 0; i < 3 * GRID * search->channels; i++)
        search->weight_sum[i] = 0.0;
    for (size_t k = 0; k < search->channels; k++)
        search->saturated[k] = 0;
    if (play_grid(measure, calibration, search, err))
        return err->status;
    *clipped = clips(search);
    return *clipped ? OAC_OK : find_curves(measure, search, calibration, err);
}

/* Everything open, crosstalk included: how much light there is in a slot. */
static enum oac_status open_all(struct oac_measure *measure,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    const size_t channels = calibration->channels;
    uint16_t client[OPEN_WINDOWS];
    double *code = oac_alloc(OPEN_WINDOWS * channels, sizeof *code, "readouts", err);
    if (!code)
        return err->status;
    for (size_t b = 0; b < OPEN_WINDOWS; b++)
        client[b] = calibration->client_open;
    enum oac_status status = OAC_OK;
    bool clipped = true;
    for (size_t slots = oac_step_slots(measure, calibration, 0.4); status == OAC_OK && clipped;
         slots = slots > 3 ? slots / 3 : 1) {
        const uint64_t before = measure->saturated;
        status = oac_measure_hold(measure, slots, calibration->weight_open, OPEN_WINDOWS,
                                  client, code, NULL, err);
        clipped = measure->saturated > before && slots > 1;
        for (size_t k = 0; status == OAC_OK && !clipped && k < channels; k++) {
            struct oac_calibration_channel *channel = &calibration->channel[k];
            double sum = 0.0;
            for (size_t b = 0; b < OPEN_WINDOWS; b++)
                sum += code[b * channels + k] / OPEN_WINDOWS;
            channel->open_code =
                fmax(channel->full_code, (sum - channel->offset_code) / (double)slots) -
                channel->dark_code_per_slot;
        }
    }
    free(code);
    return status;
}

enum oac_status oac_step_search(struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    struct search search;
    enum oac_status status = search_init(&search, calibration->channels, err);
    for (size_t k = 0; status == OAC_OK && k < calibration->channels; k++)
        calibration->channel[k].open_code = caps->nominal->channel[k].gain_code;
    /* Twice the nominal light still fits; if not, shorter windows. */
    search.slots = oac_step_slots(measure, calibration, 0.4);
    bool clipped = true;
    while (status == OAC_OK && clipped) {
        status = look(measure, &search, calibration, &clipped, err);
        if (status == OAC_OK && clipped && search.slots == 1)
            status = oac_fail(err, OAC_EMISSED,
                              "\"%s\" saturates within one slot: lower the laser power or the "
                              "receiver's gain",
                              caps->device_id);
        /* By a quarter: late weights fill the more of a window the shorter it is. */
        search.slots -= (search.slots + 3) / 4;
    }
    search_fini(&search);
    if (status == OAC_OK)
        status = oac_step_operate(measure, calibration, err);
    if (status == OAC_OK && !oac_measure_has(measure, OAC_LASER_ON))
        status =
            oac_step_dark(measure, options, calibration, err); /* by the nulls just found */
    if (status == OAC_OK)
        status = open_all(measure, calibration, err);
    if (status == OAC_OK)
        calibration->slots = oac_step_slots(measure, calibration, 0.8);
    return status;
}
