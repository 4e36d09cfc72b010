/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's half of a play: codes -> what its modulator lets through, slot by slot. */
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/analytic_workspace.h"

/* Lists of entries, or dense rows, through the table; one settled value per slot. */
static void operand_steady(const struct oac_frame *frame,
                           const struct oac_activation_frame *play, size_t first, size_t count,
                           struct oac_workspace *workspace)
{
    struct oac_operand *operand = &workspace->operand;
    const struct oac_client_table *client = frame->client;
    const struct oac_readout_kernel *kernel = oac_readout_kernel();
    const uint16_t *code;
    size_t entries;
    operand->sparse = play->code == NULL;
    if (operand->sparse) {
        uint32_t begin = play->nz_begin[first];
        for (size_t b = 0; b <= count; b++)
            workspace->begin[b] = play->nz_begin[first + b] - begin;
        operand->begin = workspace->begin;
        operand->index = play->nz_slot + begin;
        code = play->nz_code + begin;
        entries = workspace->begin[count];
    } else {
        code = play->code + first * frame->slots;
        entries = count * frame->slots;
    }
    /* A window at a time, so that its T is still near when it is squared. */
    const size_t step = frame->slots;
    for (size_t at = 0; at < entries; at += step) {
        size_t n = entries - at < step ? entries - at : step;
        float *t = operand->t[0] + at;
        if (client->straight)
            kernel->transmit(n, code + at, &client->curve, t);
        else
            kernel->lookup(n, client->t, code + at, t);
        if (operand->want_t2)
            kernel->square(n, t, (float)client->t_null, operand->t2[0] + at);
    }
    if (operand->want_d)
        kernel->lookup(entries, client->d, code, operand->d[0]);
}

static const uint16_t *dense_codes(const struct oac_frame *frame,
                                   const struct oac_activation_frame *play, size_t window,
                                   uint16_t *scratch)
{
    if (play->code)
        return play->code + window * frame->slots;
    for (size_t n = 0; n < frame->slots; n++)
        scratch[n] = frame->null_code;
    for (uint32_t e = play->nz_begin[window]; e < play->nz_begin[window + 1]; e++)
        scratch[play->nz_slot[e]] = play->nz_code[e];
    return scratch;
}

/* What disturbs the client's modulator in one window. */
struct disturbance {
    double angle;            /* bias drift [rad] */
    double sigma;            /* drive noise [rad] */
    double gain;             /* shared RIN per slot, relative rms */
    const float *z, *z_gain; /* (slots) or NULL */
};

static struct disturbance disturb(const struct oac_analytic *self, uint64_t slot0, size_t slots,
                                  struct oac_workspace *workspace)
{
    struct disturbance result = {0};
    const double vpi_v =
        self->bench->channel[0].client.vpi_v / (1.0 + self->source[0].detuning);
    uint32_t blocks = (uint32_t)((slots + 3) / 4);
    if (self->client_sigma_v > 0.0) {
        result.sigma = OAC_PI * self->client_sigma_v / vpi_v;
        oac_kernel()->normals(self->seed, OAC_RNG_CLIENT_DRIVE, 1, &slot0, blocks,
                              workspace->z_drive);
        result.z = workspace->z_drive;
    }
    double rin = self->bench->laser.rin_per_hz;
    if (self->noise & OAC_NOISE_RIN && self->rig.laser.shared && rin > 0.0 &&
        !self->comb_shift) {
        result.gain = sqrt(rin / (2.0 * self->slot_s));
        oac_kernel()->normals(self->seed, OAC_RNG_SHARED_RIN, 1, &slot0, blocks,
                              workspace->z_rin);
        result.z_gain = workspace->z_rin;
    }
    if (self->noise & OAC_NOISE_DRIFT) {
        const struct oac_motion *motion = oac_analytic_motion(self, slot0, workspace);
        result.angle = -OAC_PI / vpi_v * motion->client_v;
    }
    return result;
}

/* D = beta angle sin(angle) at the disturbed angle; the sine is a cosine a quarter turn back. */
static void detune(const struct oac_frame *frame, const struct disturbance *by,
                   const float *turns, float *d)
{
    const struct oac_client_table *client = frame->client;
    const struct oac_transmission sine = {.beta = client->curve.beta};
    const float turn = (float)(by->angle / (2.0 * OAC_PI));
    const float sigma = (float)(by->sigma / (2.0 * OAC_PI));
    oac_readout_kernel()->disturb(frame->slots, turns, &sine, turn - 0.25f, sigma, by->z,
                                  (float)by->gain, by->z_gain, d);
    for (size_t n = 0; n < frame->slots; n++) {
        float angle = turns[n] + turn + (by->z ? sigma * by->z[n] : 0.0f);
        d[n] = d[n] * (float)(2.0 * OAC_PI) * angle - (float)client->d_null;
    }
}

/* One window of instant modulators with a disturbed client. */
static void window_rotated(const struct oac_frame *frame, const uint16_t *code,
                           const struct disturbance *by, size_t at,
                           struct oac_workspace *workspace)
{
    const struct oac_client_table *client = frame->client;
    const struct oac_readout_kernel *kernel = oac_readout_kernel();
    struct oac_operand *operand = &workspace->operand;
    float *t = operand->t[0] + at;
    kernel->lookup(frame->slots, client->turns, code, workspace->turns);
    kernel->disturb(frame->slots, workspace->turns, &client->curve,
                    (float)(by->angle / (2.0 * OAC_PI)), (float)(by->sigma / (2.0 * OAC_PI)),
                    by->z, (float)by->gain, by->z_gain, t);
    if (operand->want_t2)
        kernel->square(frame->slots, t, (float)client->t_null, operand->t2[0] + at);
    if (operand->want_d)
        detune(frame, by, workspace->turns, operand->d[0] + at);
}

/* One window through a client modulator with memory: V follows the codes with its pole, from the guard. */
static void window_settling(const struct oac_analytic *self, const struct oac_frame *frame,
                            const uint16_t *code, const struct disturbance *by, size_t at,
                            struct oac_operand *operand)
{
    const struct oac_client_table *client = frame->client;
    const struct oac_mzm *mzm = &self->bench->channel[0].client;
    double per_volt = OAC_PI / (mzm->vpi_v / (1.0 + self->source[0].detuning));
    double null = client->t_null;
    double before = client->v[self->panel.caps.client->code_safe];
    for (size_t n = 0; n < frame->slots; n++) {
        double target = client->v[code[n]];
        double shift = by->angle + (by->z ? by->sigma * (double)by->z[n] : 0.0);
        double gain = 1.0 + (by->z_gain ? by->gain * (double)by->z_gain[n] : 0.0);
        for (size_t node = 0; node < self->nodes; node++) {
            double v = target + (before - target) * self->node[node].u_client;
            double angle = per_volt * (v - mzm->vpeak_v) + shift;
            double t = (client->alpha + client->beta * cos(angle)) * gain;
            operand->t[node][at + n] = (float)(t - null);
            if (operand->want_t2)
                operand->t2[node][at + n] = (float)(t * t - null * null);
            if (operand->want_d)
                operand->d[node][at + n] =
                    (float)(client->beta * sin(angle) * angle * gain - client->d_null);
        }
        before = target + (before - target) * self->client_memory;
    }
}

void oac_analytic_operand(const struct oac_analytic *self, const struct oac_frame *frame,
                          const struct oac_activation_frame *play, size_t first, size_t count,
                          struct oac_workspace *workspace)
{
    workspace->operand.want_t2 = frame->v[0] != NULL;
    workspace->operand.want_d = self->tracking;
    if (!self->rotating && self->nodes == 1 && !self->dead_time && !frame->straddle) {
        operand_steady(frame, play, first, count, workspace);
        return;
    }
    workspace->operand.sparse = false;
    for (size_t b = 0; b < count; b++) {
        const uint16_t *code = dense_codes(frame, play, first + b, workspace->code);
        struct disturbance by = disturb(self, play->slot0[first + b], frame->slots, workspace);
        if (self->nodes == 1)
            window_rotated(frame, code, &by, b * frame->slots, workspace);
        else
            window_settling(self, frame, code, &by, b * frame->slots, &workspace->operand);
    }
}
