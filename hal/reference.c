/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/code_map.h"

/* Longest reference unless the record says otherwise: light enough to see 1 % of full scale at a photon
 * per slot, short against any image. */
#define SLOTS_MAX 1024u
/* Part of the converter's range that a reference fills: gains may be 3 dB above the record's. */
#define FILL 0.5

static double open_t(const struct oac_code_map *map)
{
    uint16_t code = oac_code_map_code(map, 1.0, NULL);
    return map->curve.r + (1.0 - map->curve.r) * oac_code_map_opening(map, code);
}

/* Codes per slot of Tx = 1 that row i reads at launch 1, with its gx apart. */
static double response(const struct oac_reference_spec *spec, size_t i)
{
    const struct oac_calrec *calrec = spec->calrec;
    const size_t k = spec->channel[i];
    const double gain = calrec->channel[k].gain_code;
    const double minus = spec->differential ? calrec->channel[k].gain_minus_code : 0.0;
    double sum = 0.0;
    for (size_t j = 0, row = 0; j < calrec->channels; j++) {
        bool lit = row < spec->rows && spec->channel[row] == j;
        double x =
            calrec->crosstalk ? calrec->crosstalk[k * calrec->channels + j] : (double)(j == k);
        double t = lit ? open_t(&spec->weight[row])
                       : oac_calrec_parked_t(calrec, &spec->link->caps->weight[j], j);
        row += lit;
        sum += x * (gain * t - minus * (1.0 + calrec->channel[j].weight.r - t));
    }
    return sum;
}

static double gated(const struct oac_reference *self, size_t i)
{
    const struct oac_calrec_channel *own = &self->correction->own[i];
    return self->correction->differential ? own->gx_pair_code_per_x : own->gx_code_per_x;
}

/* So many slots, and so much light, that the fullest converter is filled to FILL. */
static void choose_size(struct oac_reference *self, const struct oac_reference_spec *spec)
{
    const struct oac_link_caps *caps = spec->link->caps;
    size_t slots = caps->slots_max < SLOTS_MAX ? caps->slots_max : SLOTS_MAX;
    const bool sums = caps->receiver == OAC_SAMPLED; /* the range is that of a slot */
    self->launch = 1.0f;
    for (size_t i = 0; i < spec->rows; i++) {
        const struct oac_port *port = &caps->readout[spec->channel[i]];
        double room =
            FILL * ((double)port->code_max - oac_correction_offset(self->correction, i));
        double light = response(spec, i);
        if (!(room > 0.0) || !(light > 0.0)) /* a port that states no range */
            continue;
        double fits = floor(room / light);
        if (!sums && fits < (double)slots)
            slots = fits > 1.0 ? (size_t)fits : 1;
        if (fits < 1.0 && caps->launch_per_window)
            self->launch = fminf(self->launch, (float)(room / light));
    }
    self->slots = slots;
}

static enum oac_status expect(struct oac_reference *self, const struct oac_reference_spec *spec,
                              struct oac_err *err)
{
    const double r = spec->client->curve.r, n = (double)self->slots;
    const bool measured = spec->calrec->reference_slots > 0;
    for (size_t i = 0; i < spec->rows; i++) {
        const struct oac_correction *c = self->correction;
        const struct oac_calrec_finding *found = &spec->calrec->finding[spec->channel[i]];
        double offset = oac_correction_offset(c, i);
        double base = offset + n * oac_correction_dark(c, i);
        double per_x = gated(self, i) + (double)self->launch * response(spec, i);
        double dark = r + (1.0 - r) * oac_code_map_opening(spec->client, self->code[0]);
        self->dark_code[i] = base + n * per_x * dark;
        self->light_code[i] = base + n * per_x * open_t(spec->client);
        if (measured && isfinite(found->reference_dark_code))
            self->dark_code[i] =
                oac_calrec_linear(&c->own[i], offset, found->reference_dark_code);
        if (measured && isfinite(found->reference_light_code))
            self->light_code[i] =
                oac_calrec_linear(&c->own[i], offset, found->reference_light_code);
        if (!(self->light_code[i] > self->dark_code[i]))
            return oac_fail(err, OAC_EINVAL,
                            "channel %zu cannot be tracked: its reference window is to read %g "
                            "codes with light and %g without; calibrate or exclude it",
                            spec->channel[i], self->light_code[i], self->dark_code[i]);
    }
    return OAC_OK;
}

static enum oac_status load(struct oac_reference *self, const struct oac_reference_spec *spec,
                            struct oac_err *err)
{
    const size_t lanes = self->correction->lanes;
    uint16_t *code = oac_alloc(lanes, self->slots * sizeof *code, "a reference frame", err);
    if (!code)
        return err->status;
    for (size_t j = 0, row = 0; j < lanes; j++) {
        uint16_t played = (uint16_t)spec->link->caps->weight[j].code_safe;
        if (spec->channel[row] == j)
            played = oac_code_map_code(&spec->weight[row++], 1.0, NULL);
        for (size_t n = 0; n < self->slots; n++)
            code[j * self->slots + n] = played;
    }
    const struct oac_weight_frame frame = {.rows = lanes,
                                           .slots = self->slots,
                                           .code = code,
                                           .null_x_code = self->code[0],
                                           .differential = spec->differential};
    enum oac_status status = oac_link_load(spec->link, &frame, &self->handle, err);
    free(code);
    return status ? oac_fail_within(err, "reference windows") : OAC_OK;
}

enum oac_status oac_reference_create(const struct oac_reference_spec *spec,
                                     struct oac_reference **reference, struct oac_err *err)
{
    const uint64_t slots = spec->calrec->reference_slots;
    if (slots > spec->link->caps->slots_max)
        return oac_fail(
            err, OAC_EINVAL,
            "the calibration's reference windows have %llu slots, the link plays at "
            "most %zu: calibrate this link",
            (unsigned long long)slots, spec->link->caps->slots_max);
    struct oac_reference *made = oac_alloc(1, sizeof *made, "reference windows", err);
    if (!made)
        return err->status;
    made->link = spec->link;
    made->span = spec->span;
    if (oac_correction_create(spec->calrec, spec->link->caps->weight, spec->channel, spec->rows,
                              spec->differential, &made->correction, err) ||
        !(made->dark_code =
              oac_alloc(spec->rows, sizeof *made->dark_code, "reference windows", err)) ||
        !(made->light_code =
              oac_alloc(spec->rows, sizeof *made->light_code, "reference windows", err)))
        goto destroy;
    choose_size(made, spec);
    if (slots > 0) {
        made->slots = (size_t)slots;
        made->launch = 1.0f;
    }
    made->code[0] = oac_code_map_code(spec->client, 0.0, NULL);
    made->code[1] = oac_code_map_code(spec->client, 1.0, NULL);
    if (expect(made, spec, err) || load(made, spec, err))
        goto destroy;
    *reference = made;
    return OAC_OK;

destroy:
    oac_reference_destroy(made);
    return err->status;
}

void oac_reference_destroy(struct oac_reference *reference)
{
    struct oac_err ignored; /* closing goes on whatever a device says */
    if (!reference)
        return;
    if (reference->handle && oac_link_unload(reference->link, reference->handle, &ignored))
        reference->handle = 0;
    oac_correction_destroy(reference->correction);
    free(reference->dark_code);
    free(reference->light_code);
    free(reference);
}
