/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Light of one channel from the laser to the client's input. */
#include <math.h>
#include <string.h>

#include "sim/waveform/server_internal.h"

void oac_wave_server_show(const struct oac_wave_server_run *run, const char *name,
                          const char *unit, unsigned lane, bool complex_values,
                          const float *value)
{
    if (!run->window || !run->self->tap)
        return;
    const struct oac_waveform_point point = {
        .name = name,
        .unit = unit,
        .channel = run->channel,
        .lane = lane,
        .slot0 = run->window->segment->slot0,
        .rate_hz = run->self->grid.rate_hz,
        .start_s = -(double)run->frame->first * run->self->slot_s,
        .complex_values = complex_values,
        .samples = run->n,
        .value = value,
    };
    oac_wave_show(run->self, &point);
}

void oac_wave_server_show_lanes(const struct oac_wave_server_run *run, const char *name)
{
    for (unsigned lane = 0; lane < run->frame->lanes; lane++)
        oac_wave_server_show(run, name, "sqrt(W)", lane, true, run->field + 2 * lane * run->n);
}

/* ---- modulator ---- */

static bool drawn(const struct oac_wave_server_run *run)
{
    return run->window && run->server->drawn;
}

static const uint16_t *codes(const struct oac_wave_server_run *run)
{
    return run->frame->code + run->channel * run->frame->slots * run->part->drive.per_slot;
}

static struct oac_wave_drive_draw draw(const struct oac_wave_server_run *run)
{
    struct oac_wave_server_scratch *scratch = run->scratch;
    const struct oac_wave_drive *drive = &run->part->drive;
    const size_t blocks = (run->frame->slots * drive->per_slot + 3) / 4;
    struct oac_wave_drive_draw draw = {0};
    if (drawn(run) && drive->noise_v > 0.0) {
        oac_wave_normals(run->self, OAC_WAVE_WEIGHT_DRIVE, run->channel,
                         run->window->segment->slot0, blocks, scratch->noise);
        draw.noise = scratch->noise;
    }
    if (drawn(run) && drive->jitter_s > 0.0) {
        oac_wave_normals(run->self, OAC_WAVE_WEIGHT_JITTER, run->channel,
                         run->window->segment->slot0, blocks, scratch->jitter);
        draw.jitter = scratch->jitter;
    }
    return draw;
}

/* The drive of one polarisation: the frame's, unless it is drawn anew or comes at another time. */
static const float *drive_volts(const struct oac_wave_server_run *run, unsigned state)
{
    const struct oac_wave_server_channel *part = run->part;
    struct oac_wave_server_scratch *scratch = run->scratch;
    if (!drawn(run) && part->state[state].delay_s == 0.0)
        return run->frame->volts + run->channel * run->n;
    const struct oac_wave_drive_draw dice = draw(run);
    oac_wave_drive_volts(&part->drive, run->frame->slots, codes(run),
                         part->delay_s + part->state[state].delay_s, &dice, scratch->filter,
                         scratch->work, scratch->volts);
    return scratch->volts;
}

/* A staircase is modulated level by level. Bit for bit the same: the modulator has no memory. */
static bool modulate_levels(const struct oac_wave_server_run *run, unsigned state,
                            const struct oac_field_modulator *modulator, float *first,
                            float *second)
{
    const struct oac_wave_drive *drive = &run->part->drive;
    struct oac_wave_server_scratch *scratch = run->scratch;
    const size_t hold = drive->grid.per_slot / drive->per_slot;
    const size_t levels = run->frame->slots * drive->per_slot;
    float *field = scratch->volts, *other = second ? field + 2 * levels : NULL;
    if (run->self->tap || hold < (second ? 4 : 2) || /* room for their fields */
        !oac_wave_drive_steps(drive, run->part->delay_s + run->part->state[state].delay_s))
        return false;
    const struct oac_wave_drive_draw dice = draw(run);
    oac_wave_drive_levels(drive, run->frame->slots, codes(run), &dice, scratch->work);
    run->kernel->modulate(levels, scratch->work, modulator, field, other);
    run->kernel->repeat(levels, hold, field, first);
    if (second)
        run->kernel->repeat(levels, hold, other, second);
    return true;
}

static void modulate(const struct oac_wave_server_run *run)
{
    const struct oac_mzm *mzm = &run->self->bench->channel[run->channel].weight;
    double shift_v = run->part->bias_v - mzm->vpeak_v;
    if (run->window)
        shift_v -= run->window->motion.channel[run->channel].bias_v;
    const struct oac_field_modulator modulator = {
        .amplitude = (float)sqrt(mzm->t_on),
        .s = (float)sqrt(mzm->r),
        .chirp = (float)mzm->chirp,
        .turns0 = (float)(shift_v / (4.0 * mzm->vpi_v)),
        .turns_per_v = (float)(1.0 / (4.0 * mzm->vpi_v)),
    };
    unsigned states = run->self->polarisations;
    for (unsigned state = 0; state < states; state++) {
        float *first = run->field + 2 * state * run->n;
        float *second =
            run->frame->outputs > 1 ? run->field + 2 * (states + state) * run->n : NULL;
        if (!(run->part->state[state].amplitude > 0.0)) {
            memset(first, 0, 2 * run->n * sizeof *first);
            if (second)
                memset(second, 0, 2 * run->n * sizeof *second);
            continue;
        }
        if (modulate_levels(run, state, &modulator, first, second))
            continue;
        const float *volts = drive_volts(run, state);
        oac_wave_server_show(run, "weight.drive", "V", state, false, volts);
        run->kernel->modulate(run->n, volts, &modulator, first, second);
    }
}

/* ---- laser ---- */

/* What a window makes of the laser's power: launch, drift, and the factor of noise slower than the window. */
static double window_power(const struct oac_wave_server_run *run)
{
    const struct oac_wave_window *window = run->window;
    const struct oac_laser *laser = &run->self->bench->laser;
    double power = (double)window->segment->launch * window->motion.channel[run->channel].power;
    double window_s = (double)run->frame->count * run->self->slot_s;
    double variance =
        run->server->rin_sigma > 0.0 ? oac_laser_gain_variance(laser, window_s) : 0.0;
    if (variance > 0.0) {
        float z[4];
        oac_wave_normals(run->self, OAC_WAVE_RIN_LOW,
                         run->self->rig.laser.shared ? 0 : run->channel, window->segment->slot0,
                         1, z);
        power *= 1.0 + sqrt(variance) * (double)z[0];
    }
    return power;
}

/* Phase of the laser [turns], each sample's own walk from the window's start, kept within half a turn: a whole
 * number of 2^-40 turns that wraps around by itself. */
static const float *laser_turns(const struct oac_wave_server_run *run, size_t line,
                                size_t shift)
{
    const double unit = 0x1p40, back = 0x1p-64;
    float *turns = run->scratch->turns;
    size_t count = run->n + run->server->comb_span;
    oac_wave_normals(run->self, OAC_WAVE_PHASE, line, run->window->segment->slot0,
                     (count + 3) / 4, turns);
    const double step = run->server->turn_sigma * unit;
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        at += (uint64_t)(int64_t)(step * (double)turns[i]);
        turns[i] = (float)((double)(int64_t)(at << 24) * back);
    }
    return turns + shift;
}

static void laser(const struct oac_wave_server_run *run, double power_w)
{
    const struct oac_wave_server *server = run->server;
    bool shared = run->self->rig.laser.shared;
    size_t line = shared ? 0 : run->channel, shift = shared ? run->part->comb_shift : 0;
    const float *hum = NULL, *turns = NULL;
    if (run->window) {
        power_w *= window_power(run);
        if (server->rin_sigma > 0.0) {
            oac_wave_normals(run->self, OAC_WAVE_RIN, line, run->window->segment->slot0,
                             (run->n + server->comb_span + 3) / 4, run->scratch->hum);
            hum = run->scratch->hum + shift;
        }
        if (server->turn_sigma > 0.0)
            turns = laser_turns(run, line, shift);
    }
    for (unsigned lane = 0; lane < run->frame->lanes; lane++) {
        float *field = run->field + 2 * lane * run->n;
        if (!(run->part->state[lane % run->self->polarisations].amplitude > 0.0))
            continue;
        run->kernel->intensity(run->n, (float)power_w, (float)server->rin_sigma, hum, field);
        if (turns)
            run->kernel->rotate(run->n, turns, field);
    }
}

/* Where nothing between laser and client tells one sample from another, the laser's noise may as well act on the
 * built field at the client. */
static bool rebuilds(const struct oac_wave_server_run *run)
{
    const struct oac_wave_server *server = run->server;
    bool hums = server->rin_sigma > 0.0 || server->turn_sigma > 0.0;
    return !run->window || run->self->tap || server->drawn || server->kerr ||
           (run->part->dispersion && hums) ||
           run->window->motion.channel[run->channel].bias_v != 0.0;
}

void oac_wave_server_light(const struct oac_waveform *self, const struct oac_wave_frame *frame,
                           const struct oac_wave_window *window, size_t channel,
                           struct oac_wave_server_scratch *scratch, float *field)
{
    const struct oac_wave_server_run run = {.self = self,
                                            .server = self->server,
                                            .part = &self->server->channel[channel],
                                            .frame = frame,
                                            .window = window,
                                            .kernel = oac_field_kernel(),
                                            .scratch = scratch,
                                            .channel = channel,
                                            .n = frame->samples,
                                            .field = field};
    if (!rebuilds(&run)) {
        size_t floats = 2 * frame->lanes * frame->samples;
        memcpy(field, frame->field + channel * floats, floats * sizeof *field);
        laser(&run, 1.0);
        if (self->bench->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT)
            oac_wave_server_ase(&run);
        return;
    }
    modulate(&run);
    laser(&run, run.part->power_w);
    oac_wave_server_show_lanes(&run, "weight.field");
    if (self->server->kerr)
        oac_wave_server_kerr(&run);
    else
        oac_wave_server_linear(&run);
}

void oac_wave_server_window(const struct oac_waveform *self,
                            const struct oac_wave_window *window, size_t channel,
                            struct oac_wave_server_scratch *scratch, float *field)
{
    oac_wave_server_light(self, window->frame, window, channel, scratch, field);
}
