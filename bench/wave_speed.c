/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the waveform engine costs, on one thread, in processor time, as medians.
 *   samples  time per propagated channel-sample over the fftwf pairs its filters cannot avoid, measured in
 *            the same run on as many samples, interleaved: 16 wavelengths at 1 GBd over 86 km, a passband behind
 *            the client (one pair); with every noise on, the fiber's dispersion anew in every window too (two)
 *   images   784-100-10 on netcast-86km with detector pairs, `balanced`, shot,thermal,read,adc, 8 samples a slot,
 *            through modem and matrix engine
 * Given a text, only the lines whose name contains it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fft.h"
#include "bench/workload.h"
#include "hal/engine.h"
#include "hal/modem.h"
#include "sim/components/fiber.h"
#include "sim/noise.h"
#include "sim/waveform/filter.h"
#include "sim/waveform/passband.h"
#include "sim/waveform/waveform.h"

#define PAIRS         15
#define PAYLOAD       784
#define RATIO_TARGET  3.0
#define IMAGES        64
#define IMAGES_TARGET 100.0

static void must(enum oac_status status, const struct oac_err *err)
{
    if (!status)
        return;
    fprintf(stderr, "wave_speed: %s\n", err->message);
    exit(1);
}

static double processor_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint16_t *codes(size_t count, uint16_t code)
{
    struct oac_err err;
    uint16_t *made = calloc(count, sizeof *made);
    must(made ? OAC_OK : oac_fail(&err, OAC_ENOMEM, "no memory for codes"), &err);
    for (size_t i = 0; i < count; i++)
        made[i] = code;
    return made;
}

struct stretch { /* one segment, loaded, and the client's samples */
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_workspace *workspace;
    uint32_t handle;
    size_t guard, slots, channels;
    uint16_t *client;
    uint64_t slot0;
};

static void open_stretch(struct stretch *s, uint32_t noise)
{
    static const char *const sets[] = {"slot_rate_hz=1e9", "demux.passband_hz=50e9",
                                       "wave.samples_per_slot=8"};
    const uint8_t hash[32] = {0};
    struct oac_err err;
    memset(s, 0, sizeof *s);
    must(oac_rig_read("netcast-86km", sets, sizeof sets / sizeof sets[0], &s->rig, NULL, &err),
         &err);
    must(oac_waveform_open(&s->rig, hash, noise, 1, NULL, &s->stream, &err), &err);
    const struct oac_stream_caps *caps = s->stream.caps;
    s->channels = caps->link.channels;
    s->guard = caps->memory_slots + caps->delay_slots_max;
    s->slots = PAYLOAD + 2 * s->guard;
    size_t weights = s->slots * caps->weight_samples_per_slot;
    uint16_t *weight = codes(s->channels * weights, (uint16_t)caps->link.weight[0].code_safe);
    s->client =
        codes(s->slots * caps->client_samples_per_slot, (uint16_t)caps->link.client->code_safe);
    for (size_t k = 0; k < s->channels; k++)
        for (size_t n = s->guard; n < s->guard + PAYLOAD; n++)
            for (size_t i = 0; i < caps->weight_samples_per_slot; i++)
                weight[k * weights + n * caps->weight_samples_per_slot + i] =
                    (uint16_t)((n * 7919 + k * 104729) % 4096);
    for (size_t n = s->guard; n < s->guard + PAYLOAD; n++)
        for (size_t i = 0; i < caps->client_samples_per_slot; i++)
            s->client[n * caps->client_samples_per_slot + i] = (uint16_t)(n * 1299709 % 4096);
    const struct oac_stream_load load = {.slots = s->slots,
                                         .rows = s->channels,
                                         .weight = weight,
                                         .first = s->guard,
                                         .count = PAYLOAD};
    must(oac_stream_load(&s->stream, &load, &s->handle, &err), &err);
    free(weight);
    s->workspace = s->stream.ops->workspace_create(s->stream.self, &err);
    must(s->workspace ? OAC_OK : err.status, &err);
}

static void close_stretch(struct stretch *s)
{
    s->stream.ops->workspace_destroy(s->stream.self, s->workspace);
    oac_stream_close(&s->stream);
    free(s->client);
}

/* Seconds per channel-sample. */
static double play_s(struct stretch *s)
{
    enum { CHANNELS_MAX = 16, SEGMENTS = 8 };
    const struct oac_stream_caps *caps = s->stream.caps;
    struct oac_err err;
    double open_s[CHANNELS_MAX], close_s[CHANNELS_MAX];
    float rx[SEGMENTS * CHANNELS_MAX];
    const uint32_t pick = (uint32_t)((s->guard + PAYLOAD) * caps->readout_samples_per_slot);
    for (size_t k = 0; k < s->channels; k++) {
        open_s[k] = (double)s->guard * caps->link.slot_s;
        close_s[k] = (double)(s->guard + PAYLOAD) * caps->link.slot_s;
    }
    const struct oac_stream_capture capture = {
        .gate_open_s = open_s, .gate_close_s = close_s, .picks = 1, .pick = &pick};
    struct oac_stream_segment segment[SEGMENTS];
    for (size_t i = 0; i < SEGMENTS; i++, s->slot0 += s->slots)
        segment[i] = (struct oac_stream_segment){.handle = s->handle,
                                                 .client = s->client,
                                                 .slot0 = s->slot0,
                                                 .launch = 1.0f,
                                                 .capture = &capture,
                                                 .rx = rx + i * s->channels};
    struct oac_stream_burst burst = {.segments = SEGMENTS, .segment = segment};
    double start_s = processor_s();
    must(oac_stream_play(&s->stream, s->workspace, &burst, &err), &err);
    return (processor_s() - start_s) /
           (double)(SEGMENTS * s->channels * s->slots * (size_t)s->rig.wave.samples_per_slot);
}

struct transforms { /* those of one filter, forward and backward, from array to array */
    struct oac_fft_f *forward, *backward;
    float *a, *b, *c;
    size_t block, useful;
};

static void open_transforms(struct transforms *t, const struct stretch *s,
                            oac_response response, const void *context)
{
    struct oac_err err;
    struct oac_filter *filter;
    const size_t samples = s->slots * (size_t)s->rig.wave.samples_per_slot;
    const struct oac_filter_spec spec = {
        .response = response,
        .context = context,
        .sample_rate_hz = s->rig.slot_rate_hz * (double)s->rig.wave.samples_per_slot,
        .segment = oac_filter_fast_segment(samples),
    };
    must(oac_filter_create(&spec, &filter, &err), &err);
    t->block = oac_filter_block(filter);
    t->useful = t->block; /* of which those beyond the segment are room for the steady values */
    if (t->block > spec.segment)
        t->useful -= 2 * oac_filter_memory(filter);
    oac_filter_destroy(filter);
    must(oac_fft_f_create(t->block, OAC_FFT_FORWARD, &t->forward, &err), &err);
    must(oac_fft_f_create(t->block, OAC_FFT_BACKWARD, &t->backward, &err), &err);
    t->a = oac_fft_f_alloc(2 * t->block, "benchmark", &err);
    t->b = oac_fft_f_alloc(2 * t->block, "benchmark", &err);
    t->c = oac_fft_f_alloc(2 * t->block, "benchmark", &err);
    must(t->a && t->b && t->c ? OAC_OK : err.status, &err);
}

static void close_transforms(struct transforms *t)
{
    oac_fft_f_destroy(t->forward);
    oac_fft_f_destroy(t->backward);
    oac_fft_free(t->a);
    oac_fft_free(t->b);
    oac_fft_free(t->c);
}

/* Seconds per sample of one pair. */
static double bare_s(struct transforms *t)
{
    size_t repeats = 1000000 / t->useful + 1;
    double start_s = processor_s();
    for (size_t i = 0; i < repeats; i++) {
        oac_fft_f_execute(t->forward, t->a, t->b);
        oac_fft_f_execute(t->backward, t->b, t->c);
    }
    return (processor_s() - start_s) / (double)(repeats * t->useful);
}

static void samples(const char *name, uint32_t noise, bool disperses)
{
    struct stretch s;
    struct transforms passband, dispersion;
    double play[PAIRS], bare[PAIRS], ratio[PAIRS];
    open_stretch(&s, noise);
    const struct oac_fiber fiber = oac_fiber_from_rig(&s.rig);
    const struct oac_fiber_line line = oac_fiber_line(&fiber, s.rig.laser.center_hz);
    open_transforms(&passband, &s, oac_wave_passband, &s.rig);
    open_transforms(&dispersion, &s, oac_fiber_response, &line);
    play_s(&s); /* builds the frame, grows the workspace */
    bare_s(&passband);
    for (size_t i = 0; i < PAIRS; i++) {
        bare[i] = bare_s(&passband) + (disperses ? bare_s(&dispersion) : 0.0);
        play[i] = play_s(&s);
        ratio[i] = play[i] / bare[i];
    }
    double cost = workload_median(PAIRS, ratio);
    printf("  %-44s %6.2f ns a channel-sample, its transforms %5.2f ns (%zu", name,
           1e9 * workload_median(PAIRS, play), 1e9 * workload_median(PAIRS, bare),
           passband.block);
    if (disperses)
        printf(" and %zu", dispersion.block);
    printf(" points), ratio %.2f, target <= %.0f %s\n", cost, RATIO_TARGET,
           cost <= RATIO_TARGET ? "met" : "MISSED");
    fflush(stdout);
    close_transforms(&passband);
    close_transforms(&dispersion);
    close_stretch(&s);
}

struct images {
    struct oac_link link;
    struct oac_engine *engine;
    struct oac_matrix *layer[2];
    struct oac_engine_scratch *scratch;
    float *w, *x, *y, *z;
};

static void open_images(struct images *m, uint32_t noise)
{
    static const char *const sets[] = {"detector.pair=yes", "weight_modulator.dual_output=yes"};
    const struct oac_engine_options options = {.encoding = OAC_BALANCED, .repeats = 1};
    const uint8_t hash[32] = {0};
    struct oac_err err;
    struct oac_rig rig;
    struct oac_stream stream;
    memset(m, 0, sizeof *m);
    m->w = calloc(100 * 784, sizeof *m->w);
    m->x = calloc(IMAGES * 784, sizeof *m->x);
    m->y = calloc(IMAGES * 100, sizeof *m->y);
    m->z = calloc(IMAGES * 10, sizeof *m->z);
    must(m->w && m->x && m->y && m->z ? OAC_OK : oac_fail(&err, OAC_ENOMEM, "no memory"), &err);
    for (size_t i = 0; i < 100 * 784; i++)
        m->w[i] = (float)(i * 7919 % 1000) / 500.0f - 1.0f;
    for (size_t i = 0; i < IMAGES * 784; i++) /* as dark as MNIST: 19 % of pixels are lit */
        m->x[i] = i * 104729 % 100 < 19 ? (float)(i * 31 % 100) / 100.0f : 0.0f;
    must(oac_rig_read("netcast-86km", sets, 2, &rig, NULL, &err), &err);
    must(oac_waveform_open(&rig, hash, noise, 1, NULL, &stream, &err), &err);
    must(oac_modem_open(&stream, NULL, &m->link, &err), &err);
    must(oac_engine_create(&m->link, NULL, &options, &m->engine, &err), &err);
    const struct oac_matrix_spec first = {100, 784, m->w, -1.0, 1.0, 0.0, 1.0, "layer 1"};
    const struct oac_matrix_spec second = {10, 100, m->w, -1.0, 1.0, 0.0, 1.0, "layer 2"};
    must(oac_engine_load(m->engine, &first, &m->layer[0], &err), &err);
    must(oac_engine_load(m->engine, &second, &m->layer[1], &err), &err);
    must(oac_engine_scratch_create(m->engine, IMAGES, &m->scratch, &err), &err);
}

static void close_images(struct images *m)
{
    oac_engine_scratch_destroy(m->scratch);
    oac_engine_destroy(m->engine);
    oac_link_close(&m->link);
    free(m->w);
    free(m->x);
    free(m->y);
    free(m->z);
}

static double images_per_s(struct images *m, size_t count, uint64_t image0)
{
    struct oac_err err;
    struct oac_multiply call = {.image0 = image0, .batch = count, .x = m->x, .y = m->y};
    double start_s = processor_s();
    must(oac_matrix_multiply(m->layer[0], m->scratch, &call, &err), &err);
    call.x = m->x; /* operands of the second layer: any within its range */
    call.y = m->z;
    must(oac_matrix_multiply(m->layer[1], m->scratch, &call, &err), &err);
    return (double)count / (processor_s() - start_s);
}

static void images(const char *name, uint32_t noise, size_t count, double target)
{
    struct images m;
    double rate[PAIRS];
    open_images(&m, noise);
    images_per_s(&m, count, 0);
    for (size_t i = 0; i < PAIRS; i++)
        rate[i] = images_per_s(&m, count, (i + 1) * count);
    double median = workload_median(PAIRS, rate);
    printf("  %-44s %.3g images/s", name, median);
    if (target > 0.0)
        printf(", target >= %.0f %s", target, median >= target ? "met" : "MISSED");
    printf("\n");
    fflush(stdout);
    close_images(&m);
}

struct line {
    const char *name;
    uint32_t noise;
    bool disperses; /* anew in every window */
    size_t images;  /* in a batch; 0: samples */
    double target;
};

int main(int argc, char **argv)
{
    const uint32_t usual = OAC_NOISE_SHOT | OAC_NOISE_THERMAL | OAC_NOISE_READ | OAC_NOISE_ADC;
    const struct line lines[] = {
        {"passband, no noise", OAC_NOISE_NONE, false, 0, 0.0},
        {"passband, shot,thermal,read,adc", usual, false, 0, 0.0},
        {"passband and dispersion, every noise", OAC_NOISE_ALL, true, 0, 0.0},
        {"784-100-10, pairs, shot,thermal,read,adc", usual, false, IMAGES, IMAGES_TARGET},
        {"784-100-10, pairs, every noise", OAC_NOISE_ALL, true, 2, 0.0},
    };
    printf("Waveforms, one thread, processor time, median of %d\n", PAIRS);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (argc > 1 && !strstr(lines[i].name, argv[1]))
            continue;
        if (lines[i].images == 0)
            samples(lines[i].name, lines[i].noise, lines[i].disperses);
        else
            images(lines[i].name, lines[i].noise, lines[i].images, lines[i].target);
    }
    return 0;
}
