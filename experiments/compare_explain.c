/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which effect makes the difference: each neutralised in turn. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "experiments/compare_state.h"
#include "sim/noise.h"

#define IMAGES_MAX 8 /* noise is off: a few images say it exactly */

struct squares {                           /* per layer, sums over the images tried */
    double difference[OAC_RUN_LAYERS_MAX]; /* (wave - sim)^2 */
    double error[OAC_RUN_LAYERS_MAX];      /* (wave - exact)^2 */
    double variance[OAC_RUN_LAYERS_MAX];
};

struct buffers {
    double *y[OAC_COMPARE_SIDES], *var; /* (images, widest outputs) */
};

static enum oac_status buffers_create(const struct oac_compare_job *job, size_t images,
                                      struct buffers *b, struct oac_err *err)
{
    size_t widest = 0;

    for (size_t l = 0; l < job->result->layers; l++)
        widest = job->data[l].outputs > widest ? job->data[l].outputs : widest;
    if (!(b->y[0] = oac_alloc(images * widest, sizeof(double), "outputs", err)) ||
        !(b->y[1] = oac_alloc(images * widest, sizeof(double), "outputs", err)) ||
        !(b->var = oac_alloc(images * widest, sizeof(double), "outputs", err)))
        return OAC_ENOMEM;
    return OAC_OK;
}

static void buffers_destroy(struct buffers *b)
{
    free(b->y[0]);
    free(b->y[1]);
    free(b->var);
}

static void base_squares(const struct oac_compare_job *job, size_t images, struct squares *s)
{
    for (size_t l = 0; l < job->result->layers; l++) {
        const struct oac_compare_data *d = &job->data[l];
        size_t count = images * d->outputs;
        s->difference[l] =
            oac_compare_square(count, d->clean[OAC_COMPARE_WAVE], d->clean[OAC_COMPARE_SIM]);
        s->error[l] = oac_compare_square(count, d->clean[OAC_COMPARE_WAVE], d->exact);
    }
}

/* Both sides with these values of the rig, noise off. */
static enum oac_status neutralise(const struct oac_compare_job *job, const char *const *sets,
                                  size_t count, size_t images, struct buffers *b,
                                  struct squares *s, struct oac_err *err)
{
    struct oac_compare_bench bench[OAC_COMPARE_SIDES] = {0};
    enum oac_status status = OAC_OK;

    for (size_t side = 0; side < OAC_COMPARE_SIDES && status == OAC_OK; side++)
        status =
            oac_compare_open_side(job, side, sets, count, OAC_NOISE_NONE, &bench[side], err);
    for (size_t l = 0; l < job->result->layers && status == OAC_OK; l++) {
        const struct oac_compare_data *d = &job->data[l];
        for (size_t side = 0; side < OAC_COMPARE_SIDES && status == OAC_OK; side++) {
            const struct oac_compare_play play = {.layer = l,
                                                  .images = images,
                                                  .repeats = 1,
                                                  .x = d->x,
                                                  .mean = b->y[side],
                                                  .what = "images of one effect"};
            struct oac_sink silent = job->quiet;
            silent.progress = NULL;
            status = oac_compare_bench_layer(&bench[side], &play, &silent, err);
        }
        s->difference[l] = oac_compare_square(images * d->outputs, b->y[0], b->y[1]);
        s->error[l] = oac_compare_square(images * d->outputs, b->y[0], d->exact);
    }
    oac_compare_bench_close(&bench[0]);
    oac_compare_bench_close(&bench[1]);
    return status;
}

/* Wave's variances without one noise. */
static enum oac_status silence(const struct oac_compare_job *job, uint32_t noise, size_t images,
                               struct buffers *b, struct squares *s, struct oac_err *err)
{
    struct oac_compare_bench bench;
    struct oac_sink silent = job->quiet;
    enum oac_status status = oac_compare_open_side(job, OAC_COMPARE_WAVE, NULL, 0,
                                                   job->options->noise & ~noise, &bench, err);

    silent.progress = NULL;
    for (size_t l = 0; l < job->result->layers && status == OAC_OK; l++) {
        const struct oac_compare_data *d = &job->data[l];
        const struct oac_compare_play play = {.layer = l,
                                              .images = images,
                                              .repeats = job->repeats,
                                              .x = d->x,
                                              .mean = b->y[0],
                                              .var = b->var,
                                              .what = "images of one effect"};
        status = oac_compare_bench_layer(&bench, &play, &silent, err);
        s->variance[l] = 0.0;
        for (size_t i = 0; i < images * d->outputs; i++)
            s->variance[l] += b->var[i];
    }
    oac_compare_bench_close(&bench);
    return status;
}

static double sum(size_t count, const double *x)
{
    double total = 0.0;

    for (size_t i = 0; i < count; i++)
        total += x[i];
    return total;
}

static enum oac_status try_noise(const struct oac_compare_job *job, size_t images,
                                 struct buffers *b, struct oac_compare_effect *e,
                                 struct oac_err *err)
{
    struct squares s = {0};
    enum oac_status status = silence(job, e->effect->noise, images, b, &s, err);

    for (size_t l = 0; l < job->result->layers && status == OAC_OK; l++) {
        const struct oac_compare_data *d = &job->data[l];
        double wave = sum(images * d->outputs, d->var[OAC_COMPARE_WAVE]);
        double sim = sum(images * d->outputs, d->var[OAC_COMPARE_SIM]);
        e->variance_share[l] = (wave - s.variance[l]) / (wave - sim);
    }
    return status;
}

static enum oac_status try_sets(const struct oac_compare_job *job, size_t images,
                                struct buffers *b, const struct squares *base,
                                const struct squares *from, struct squares *made,
                                struct oac_compare_effect *e, struct oac_err *err)
{
    const char *sets[OAC_EFFECT_SETS_MAX];
    char twice[64];
    size_t count = 0;
    enum oac_status status;

    while (e->effect->sets[count]) {
        sets[count] = e->effect->sets[count];
        count++;
    }
    if (e->effect->sampling) {
        snprintf(twice, sizeof twice, "wave.samples_per_slot=%" PRId64,
                 2 * job->setup.station.rig.wave.samples_per_slot);
        sets[count++] = twice;
    }
    status = neutralise(job, sets, count, images, b, made, err);
    for (size_t l = 0; l < job->result->layers && status == OAC_OK; l++) {
        e->difference_share[l] =
            (from->difference[l] - made->difference[l]) / base->difference[l];
        e->error_share[l] = (from->error[l] - made->error[l]) / base->error[l];
    }
    return status;
}

static void add_effects(struct oac_compare_job *job)
{
    struct oac_compare_result *r = job->result;
    size_t count;
    const struct oac_effect *effect = oac_effects(&count);

    for (size_t i = 0; i < count && r->effects < OAC_EFFECTS_MAX; i++) {
        struct oac_compare_effect *e = &r->effect[r->effects];
        bool noise = effect[i].noise != 0;
        if (!effect[i].present(&job->setup.station.rig) ||
            (noise && !(job->options->noise & effect[i].noise)))
            continue;
        e->effect = &effect[i];
        for (size_t l = 0; l < OAC_RUN_LAYERS_MAX; l++)
            e->difference_share[l] = e->error_share[l] = e->variance_share[l] = (double)NAN;
        r->effects++;
    }
}

/* The squares that the effect called `name` left, or the base when the rig does not have it. */
static const struct squares *beyond(const struct oac_compare_result *r, const char *name,
                                    const struct squares *base, const struct squares *made)
{
    for (size_t i = 0; name && i < r->effects; i++)
        if (strcmp(r->effect[i].effect->name, name) == 0)
            return &made[i];
    return base;
}

enum oac_status oac_compare_explain(struct oac_compare_job *job, struct oac_err *err)
{
    struct oac_compare_result *r = job->result;
    size_t images = job->images < IMAGES_MAX ? job->images : IMAGES_MAX;
    struct squares *made = oac_alloc(OAC_EFFECTS_MAX + 1, sizeof *made, "effects", err);
    struct buffers b = {0};
    enum oac_status status;

    if (!made)
        return err->status;
    struct squares *base = &made[OAC_EFFECTS_MAX];
    status = buffers_create(job, images, &b, err);
    if (status != OAC_OK)
        goto done;
    add_effects(job);
    base_squares(job, images, base);
    r->explained = true;
    r->explained_images = images;
    for (size_t i = 0; i < r->effects && status == OAC_OK; i++) {
        struct oac_compare_effect *e = &r->effect[i];
        if (oac_stop_requested(job->sink)) {
            status = oac_fail(err, OAC_EINTERRUPTED, "stopped on request");
            break;
        }
        status = e->effect->noise
                     ? try_noise(job, images, &b, e, err)
                     : try_sets(job, images, &b, base, beyond(r, e->effect->beyond, base, made),
                                &made[i], e, err);
        if (status != OAC_OK && status != OAC_EINTERRUPTED) {
            oac_log(job->sink, OAC_LOG_WARNING, "%s could not be neutralised: %s",
                    e->effect->name, err->message);
            made[i] = *base;
            status = OAC_OK;
        }
        oac_progress(job->sink, "effects neutralised", i + 1, r->effects, NULL);
    }
done:
    buffers_destroy(&b);
    free(made);
    return status;
}
