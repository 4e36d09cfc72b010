/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fiber and the amplifiers before the client. */
#include <math.h>

#include "sim/waveform/server_internal.h"

static void scale(const struct oac_wave_server_run *run, double amplitude, float *field)
{
    if (amplitude != 1.0)
        run->kernel->intensity(run->n, (float)(amplitude * amplitude), 0.0f, NULL, field);
}

/* Streams of ASE: one per channel and lane. */
static void draw_ase(const struct oac_wave_server_run *run, unsigned lane, unsigned stages)
{
    oac_wave_normals(run->self, OAC_WAVE_ASE, run->channel + 1024u * lane,
                     run->window->segment->slot0, (2 * run->n * stages + 3) / 4,
                     run->scratch->ase);
}

static void add_ase(const struct oac_wave_server_run *run, double ase_w_per_hz, float *noise,
                    float *field)
{
    const struct oac_filter *band = run->scratch->ase_band;
    if (band)
        oac_filter_apply_f(band, run->scratch->filter, run->n, noise, noise);
    double sigma = sqrt(ase_w_per_hz * run->self->grid.rate_hz / 2.0);
    run->kernel->add_noise(run->n, (float)sigma, noise, field);
}

static bool lane_has_ase(const struct oac_wave_server_run *run, unsigned lane)
{
    return run->window && lane % run->self->polarisations < run->server->ase_polarisations;
}

/* The chain's ASE at its end. */
void oac_wave_server_ase(const struct oac_wave_server_run *run)
{
    for (unsigned lane = 0; lane < run->frame->lanes; lane++)
        if (lane_has_ase(run, lane)) {
            draw_ase(run, lane, 1);
            add_ase(run, run->self->bench->channel[run->channel].ase_w_per_hz,
                    run->scratch->ase, run->field + 2 * lane * run->n);
        }
}

void oac_wave_server_linear(const struct oac_wave_server_run *run)
{
    const struct oac_wave_server *server = run->server;
    const struct oac_filter *dispersion = run->scratch->dispersion[run->channel];
    for (unsigned lane = 0; lane < run->frame->lanes; lane++) {
        float *field = run->field + 2 * lane * run->n;
        double amplitude = run->part->state[lane % run->self->polarisations].amplitude;
        if (!(amplitude > 0.0))
            continue;
        if (dispersion)
            oac_filter_apply_f(dispersion, run->scratch->filter, run->n, field, field);
        scale(run, amplitude * server->fiber_field, field);
    }
    oac_wave_server_show_lanes(run, "fiber.field");
    if (run->self->bench->amplifier.position != OAC_AMPLIFIER_BEFORE_CLIENT)
        return;
    for (unsigned lane = 0; lane < run->frame->lanes; lane++)
        scale(run, server->amplifier_field, run->field + 2 * lane * run->n);
    oac_wave_server_ase(run);
    oac_wave_server_show_lanes(run, "amplifier.field");
}

/* One lane that carries light, span by span; the amplifiers' noise takes part in what follows. */
static void kerr_lane(const struct oac_wave_server_run *run, unsigned lane)
{
    const struct oac_amplifier *amplifier = &run->self->bench->amplifier;
    struct oac_wave_server_scratch *scratch = run->scratch;
    bool before = amplifier->position == OAC_AMPLIFIER_BEFORE_CLIENT;
    bool noisy = lane_has_ase(run, lane);
    double ase_w_per_hz = oac_amplifier_stage_ase_w_per_hz(
        amplifier, run->self->bench->channel[run->channel].frequency_hz);
    float *field = run->field + 2 * lane * run->n;
    if (noisy)
        draw_ase(run, lane, amplifier->stages);
    for (unsigned stage = 0; stage < amplifier->stages; stage++) {
        for (size_t i = 0; i < 2 * run->n; i++)
            scratch->kerr[i] = (double)field[i];
        oac_wave_span_propagate(&run->part->span, scratch->span, scratch->kerr);
        for (size_t i = 0; i < 2 * run->n; i++)
            field[i] = (float)(scratch->kerr[i] * run->server->lumped_field);
        if (stage + 1 == amplifier->stages)
            oac_wave_server_show(run, "fiber.field", "sqrt(W)", lane, true, field);
        if (before)
            scale(run, sqrt(amplifier->stage_gain), field);
        if (noisy)
            add_ase(run, ase_w_per_hz, scratch->ase + 2 * stage * run->n, field);
    }
    if (before)
        oac_wave_server_show(run, "amplifier.field", "sqrt(W)", lane, true, field);
}

void oac_wave_server_kerr(const struct oac_wave_server_run *run)
{
    for (unsigned lane = 0; lane < run->frame->lanes; lane++) {
        if (run->part->state[lane % run->self->polarisations].amplitude > 0.0) {
            kerr_lane(run, lane);
        } else if (lane_has_ase(run, lane)) {
            draw_ase(run, lane, 1);
            add_ase(run, run->self->bench->channel[run->channel].ase_w_per_hz,
                    run->scratch->ase, run->field + 2 * lane * run->n);
        }
    }
}
