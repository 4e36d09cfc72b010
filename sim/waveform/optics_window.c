/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One window's light, sample by sample, from the client's input to the detectors. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "sim/waveform/field.h"
#include "sim/waveform/optics_state.h"

struct passing { /* one channel of one window on its way */
    const struct oac_waveform *self;
    const struct oac_wave_window *window;
    struct oac_wave_optics_scratch *scratch;
    size_t channel;
    size_t n;      /* samples */
    double mean_t; /* of the client's transmission, over the payload */
};

static void show_field(const struct passing *p, const char *name, unsigned lane,
                       const float *field)
{
    if (!p->self->tap)
        return;
    oac_wave_show(p->self, &(struct oac_waveform_point){
                               .name = name,
                               .unit = "sqrt(W)",
                               .channel = p->channel,
                               .lane = lane,
                               .slot0 = p->window->segment->slot0,
                               .rate_hz = p->self->grid.rate_hz,
                               .start_s = -(double)p->window->frame->first * p->self->slot_s,
                               .complex_values = true,
                               .samples = p->n,
                               .value = field});
}

static double payload_mean(const struct oac_waveform *self, const struct oac_wave_frame *frame,
                           const float *x)
{
    size_t first = frame->first * self->grid.per_slot,
           count = frame->count * self->grid.per_slot;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[first + i];
    return count ? sum / (double)count : 0.0;
}

/* A staircase is modulated level by level, with the same bits. */
static void modulate_client(const struct passing *p,
                            const struct oac_field_modulator *modulator)
{
    const struct oac_waveform *self = p->self;
    const struct oac_wave_drive *drive = &self->optics->client.drive;
    struct oac_wave_optics_scratch *scratch = p->scratch;
    const size_t hold = drive->grid.per_slot / drive->per_slot, levels = p->n / hold;
    float *level = scratch->other, *field = scratch->other + levels; /* 3 levels in 2 n */
    if (hold < 2 ||
        !oac_wave_drive_steps(drive, self->rig.timing.skew_s + self->panel.skew_s)) {
        oac_field_kernel()->modulate(p->n, scratch->volts, modulator, scratch->client_field,
                                     NULL);
        return;
    }
    for (size_t j = 0; j < levels; j++)
        level[j] = scratch->volts[j * hold];
    oac_field_kernel()->modulate(levels, level, modulator, field, NULL);
    oac_field_kernel()->repeat(levels, hold, field, scratch->client_field);
}

/* What the client does to this wavelength: its field and, where light is gated beside the field, its power. */
static void client_gate(struct passing *p)
{
    const struct oac_waveform *self = p->self;
    const struct oac_wave_optics *optics = self->optics;
    struct oac_wave_optics_scratch *scratch = p->scratch;
    if (p->channel > 0 && !optics->client.tracking)
        return;
    const struct oac_field_modulator modulator =
        oac_wave_client_modulator(self, p->window, p->channel);
    modulate_client(p, &modulator);
    if (optics->ase.position != OAC_AMPLIFIER_BEFORE_CLIENT)
        return;
    oac_field_kernel()->transmit(p->n, scratch->volts, &modulator, scratch->t);
    p->mean_t = payload_mean(self, p->window->frame, scratch->t);
}

/* White noise of the amplifier in its optical band: adds it to field. */
static void add_noise(const struct passing *p, float *z, float *field)
{
    const struct oac_wave_ase *ase = &p->self->optics->ase;
    if (ase->band)
        oac_filter_apply_f(ase->band, p->scratch->filter, p->n, z, z);
    double sigma = oac_wave_ase_field_sigma(p->self, ase, p->channel);
    oac_field_kernel()->add_noise(p->n, (float)sigma, z, field);
}

static void amplify(const struct passing *p, unsigned lanes)
{
    const struct oac_waveform *self = p->self;
    const struct oac_wave_optics *optics = self->optics;
    struct oac_wave_optics_scratch *scratch = p->scratch;
    if (optics->ase.position != OAC_AMPLIFIER_AFTER_CLIENT)
        return;
    if (optics->ase.in_field)
        oac_wave_normals(self, OAC_WAVE_ASE, p->channel, p->window->segment->slot0,
                         (2 * p->n * lanes + 3) / 4, scratch->z);
    for (unsigned lane = 0; lane < lanes; lane++) {
        float *field = scratch->field + (size_t)lane * 2 * p->n;
        oac_field_kernel()->intensity(p->n, (float)optics->gain, 0.0f, NULL, field);
        bool lit = (double)(lane % self->polarisations) < optics->ase.polarisations;
        if (optics->ase.in_field && lit)
            add_noise(p, scratch->z + (size_t)lane * 2 * p->n, field);
        show_field(p, "amplifier.field", lane, field);
    }
}

/* power (n) += the passband's output of a field. */
static void pass(const struct passing *p, float scale, float *field, float *power)
{
    const struct oac_filter *passband = p->scratch->passband;
    if (passband)
        oac_filter_apply_f(passband, p->scratch->filter, p->n, field, field);
    oac_field_kernel()->add_power(p->n, scale, field, power);
}

/* Power of the amplifier's noise that the field does not carry, of one output: its mean, or drawn from
 * z: n normals for what is outside the sampled band, then 2 n for the other polarisation. */
static void add_ase(const struct passing *p, float scale, float *z, float *power)
{
    const struct oac_waveform *self = p->self;
    const struct oac_wave_ase *ase = &self->optics->ase;
    struct oac_wave_optics_scratch *scratch = p->scratch;
    bool before = ase->position == OAC_AMPLIFIER_BEFORE_CLIENT;
    const float *gate = before ? scratch->t : scratch->ones;
    double mean_w = ase->on ? oac_wave_ase_outside_w(ase, p->channel)
                            : oac_wave_ase_mean_w(ase, p->channel);
    oac_field_kernel()->add_scaled(p->n, (float)mean_w * scale, gate, power);
    if (!ase->on)
        return;
    float sigma_w = (float)oac_wave_ase_outside_sigma_w(self, ase, p->channel) * scale;
    if (sigma_w > 0.0f)
        for (size_t i = 0; i < p->n; i++)
            power[i] += sigma_w * gate[i] * z[i];
    if (!ase->other)
        return;
    memset(scratch->other, 0, 2 * p->n * sizeof(float));
    add_noise(p, z + p->n, scratch->other);
    if (before)
        oac_field_kernel()->multiply(p->n, scratch->client_field, scratch->other);
    pass(p, scale, scratch->other, power);
}

/* The light of one channel at the demultiplexer's input, both outputs: out[o] (n) += scale * power. */
static void channel_light(struct passing *p, struct oac_wave_server_scratch *server,
                          float scale, float *const *out)
{
    const struct oac_waveform *self = p->self;
    const struct oac_wave_frame *frame = p->window->frame;
    struct oac_wave_optics_scratch *scratch = p->scratch;
    const struct oac_wave_ase *ase = &self->optics->ase;
    oac_wave_server_window(self, p->window, p->channel, server, scratch->field);
    if (p->channel == 0)
        oac_wave_client_volts(self, p->window, scratch, scratch->volts);
    client_gate(p);
    for (unsigned lane = 0; lane < frame->lanes; lane++) {
        float *field = scratch->field + (size_t)lane * 2 * p->n;
        oac_field_kernel()->multiply(p->n, scratch->client_field, field);
        show_field(p, "client.field", lane, field);
    }
    amplify(p, frame->lanes);
    for (unsigned lane = 0; lane < frame->lanes; lane++)
        pass(p, scale, scratch->field + (size_t)lane * 2 * p->n,
             out[lane / self->polarisations]);
    if (ase->position == OAC_AMPLIFIER_NONE)
        return;
    size_t each = 3 * p->n;
    if (ase->on)
        oac_wave_normals(self, OAC_WAVE_ASE_OUTSIDE, p->channel, p->window->segment->slot0,
                         (each * frame->outputs + 3) / 4, scratch->z);
    for (unsigned o = 0; o < frame->outputs; o++)
        add_ase(p, scale, scratch->z + o * each, out[o]);
}

/* power (rows, n) of one output = mix x source (channels, room). */
static void mix(const struct passing *p, size_t rows, const float *source, float *power)
{
    const struct oac_wave_optics *optics = p->self->optics;
    size_t channels = p->self->bench->channels, room = p->scratch->samples;
    size_t whole = p->n / OAC_KERNEL_PAD * OAC_KERNEL_PAD;
    oac_kernel()->matmul(rows, whole, channels, optics->mix_f, channels, source, room, power,
                         p->n);
    for (size_t k = 0; k < rows; k++)
        for (size_t j = 0; j < channels; j++)
            oac_field_kernel()->add_scaled(p->n - whole, optics->mix_f[k * channels + j],
                                           source + j * room + whole, power + k * p->n + whole);
}

static void show_power(const struct passing *p, const float *power)
{
    const struct oac_wave_frame *frame = p->window->frame;
    for (unsigned o = 0; p->self->tap && o < frame->outputs; o++)
        for (size_t k = 0; k < frame->rows; k++)
            oac_wave_show(p->self,
                          &(struct oac_waveform_point){
                              .name = "demux.power",
                              .unit = "W",
                              .channel = k,
                              .lane = o,
                              .slot0 = p->window->segment->slot0,
                              .rate_hz = p->self->grid.rate_hz,
                              .start_s = -(double)frame->first * p->self->slot_s,
                              .samples = p->n,
                              .value = power + (o * p->self->bench->channels + k) * p->n});
}

/* Mean power of amplifier noise on each detector, payload mean: ase_w (channels), of either output. */
static void ase_add(const struct passing *p, size_t rows, double *ase_w)
{
    const struct oac_wave_optics *optics = p->self->optics;
    size_t channels = p->self->bench->channels;
    if (optics->ase.position == OAC_AMPLIFIER_NONE)
        return;
    double mean_w = oac_wave_ase_mean_w(&optics->ase, p->channel);
    if (optics->ase.position == OAC_AMPLIFIER_BEFORE_CLIENT)
        mean_w *= p->mean_t;
    for (size_t k = 0; k < rows; k++)
        ase_w[k] += optics->mix[k * channels + p->channel] * mean_w;
}

void oac_wave_optics_window(const struct oac_waveform *self,
                            const struct oac_wave_window *window,
                            struct oac_wave_server_scratch *server,
                            struct oac_wave_optics_scratch *scratch, float *power,
                            double *ase_w)
{
    const struct oac_wave_optics *optics = self->optics;
    const struct oac_wave_frame *frame = window->frame;
    const size_t channels = self->bench->channels, n = frame->samples, room = scratch->samples;
    const bool crosstalk = optics->crosstalk;
    struct passing p = {.self = self, .window = window, .scratch = scratch, .n = n};
    memset(power, 0, frame->outputs * channels * n * sizeof *power);
    if (crosstalk)
        memset(scratch->source, 0, frame->outputs * channels * room * sizeof(float));
    for (size_t k = 0; k < channels; k++)
        ase_w[k] = 0.0;
    for (size_t j = 0; j < (crosstalk ? channels : frame->rows); j++) {
        float *out[OAC_WAVE_LANES_MAX] = {NULL};
        for (size_t o = 0; o < frame->outputs; o++)
            out[o] = crosstalk ? scratch->source + (o * channels + j) * room
                               : power + (o * channels + j) * n;
        p.channel = j;
        channel_light(&p, server, crosstalk ? 1.0f : optics->mix_f[j * channels + j], out);
        ase_add(&p, frame->rows, ase_w);
    }
    for (size_t o = 0; crosstalk && o < frame->outputs; o++)
        mix(&p, frame->rows, scratch->source + o * channels * room, power + o * channels * n);
    show_power(&p, power);
}
