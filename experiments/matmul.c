/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/matmul.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/units.h"
#include "experiments/batches.h"
#include "experiments/budget.h"

#define BATCH 64

struct job {
    const struct oac_matmul *product;
    struct oac_station station;
    struct oac_matrix *matrix;
    struct oac_engine_scratch **scratch; /* (threads) */
    struct oac_multiply_tally *tally;    /* (threads) */
    size_t threads;
    float *launch;   /* (BATCH) the same for all */
    double *photons; /* (vectors) */
    double *exact;   /* (vectors, rows) */
    float *y;        /* (vectors, rows), the caller's */
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum oac_status find_range(const float *values, size_t count, const char *name,
                                  double *low, double *high, struct oac_err *err)
{
    float least = values[0], most = values[0];

    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return oac_fail(err, OAC_EINVAL,
                            "element %zu of %s is %g; every one must be finite", i, name,
                            (double)values[i]);
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    *low = (double)least;
    *high = (double)most;
    return OAC_OK;
}

/* Scales of the two files as a whole. */
static enum oac_status choose_scales(const struct oac_matmul *p, struct oac_matrix_spec *spec,
                                     double *full_scale, struct oac_err *err)
{
    double x_low = 0.0, x_high = 0.0;

    if (find_range(p->w, p->rows * p->cols, "W", &spec->w_min, &spec->w_max, err) != OAC_OK ||
        find_range(p->x, p->vectors * p->cols, "X", &x_low, &x_high, err) != OAC_OK)
        return err->status;
    double w_size = fmax(fabs(spec->w_min), fabs(spec->w_max));
    double x_size = fmax(fabs(x_low), fabs(x_high));
    *full_scale = (double)p->cols * w_size * x_size;
    if (!(spec->w_max > spec->w_min)) { /* all equal: any range holds them */
        spec->w_max = w_size > 0.0 ? w_size : 1.0;
        spec->w_min = -spec->w_max;
    }
    spec->x_max = x_size > 0.0 ? x_size : 1.0;
    spec->x_min = x_low < 0.0 ? -spec->x_max : 0.0;
    return OAC_OK;
}

static enum oac_status multiply(void *context, size_t worker, size_t first, size_t count,
                                size_t *good, struct oac_err *err)
{
    struct job *job = context;
    const struct oac_matmul *p = job->product;
    const struct oac_multiply call = {
        .image0 = first,
        .batch = count,
        .x = p->x + first * p->cols,
        .launch = job->launch,
        .y = job->y + first * p->rows,
        .photons = job->photons + first,
        .tally = &job->tally[worker],
    };

    (void)good;
    return oac_matrix_multiply(job->matrix, job->scratch[worker], &call, err);
}

static enum oac_status multiply_exactly(void *context, size_t worker, size_t first,
                                        size_t count, size_t *good, struct oac_err *err)
{
    struct job *job = context;
    const struct oac_matmul *p = job->product;

    (void)worker;
    (void)good;
    (void)err;
    for (size_t b = first; b < first + count; b++) {
        for (size_t k = 0; k < p->rows; k++) {
            double sum = 0.0;
            for (size_t n = 0; n < p->cols; n++)
                sum += (double)p->w[k * p->cols + n] * (double)p->x[b * p->cols + n];
            job->exact[b * p->rows + k] = sum;
        }
    }
    return OAC_OK;
}

static enum oac_status create_buffers(struct job *job, struct oac_err *err)
{
    const struct oac_matmul *p = job->product;

    if (!(job->scratch = oac_alloc(job->threads, sizeof *job->scratch, "threads", err)) ||
        !(job->tally = oac_alloc(job->threads, sizeof *job->tally, "threads", err)) ||
        !(job->launch = oac_alloc(BATCH, sizeof *job->launch, "launch powers", err)) ||
        !(job->photons = oac_alloc(p->vectors, sizeof *job->photons, "photons", err)) ||
        !(job->exact =
              oac_alloc(p->vectors * p->rows, sizeof *job->exact, "exact product", err)))
        return err->status;
    for (size_t t = 0; t < job->threads; t++) {
        if (oac_engine_scratch_create(job->station.engine, BATCH, &job->scratch[t], err) !=
            OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static void destroy_scratch(struct job *job)
{
    for (size_t t = 0; job->scratch && t < job->threads; t++)
        oac_engine_scratch_destroy(job->scratch[t]);
    free(job->scratch);
    job->scratch = NULL;
}

static void destroy(struct job *job)
{
    destroy_scratch(job);
    free(job->tally);
    free(job->launch);
    free(job->photons);
    free(job->exact);
    oac_station_close(&job->station);
}

/* Light at the mean operand of x, and the power that gives the photons asked for. */
static enum oac_status set_power(struct job *job, struct oac_matrix_light *light,
                                 double *launch, struct oac_err *err)
{
    const struct oac_matmul *p = job->product;
    const struct oac_budget budget = {p->photons_per_mac, OAC_PHOTONS_DETECTED};
    float *mean = oac_alloc(p->cols, sizeof *mean, "mean operand", err);
    enum oac_status status;

    if (!mean)
        return err->status;
    for (size_t n = 0; n < p->cols; n++) {
        double sum = 0.0;
        for (size_t b = 0; b < p->vectors; b++)
            sum += (double)p->x[b * p->cols + n];
        mean[n] = (float)(sum / (double)p->vectors);
    }
    *launch = 1.0;
    status = oac_matrix_light(job->matrix, mean, light, err);
    free(mean);
    if (status == OAC_OK && !isnan(p->photons_per_mac))
        status = oac_budget_launch(&budget, (uint64_t)p->rows * p->cols, light,
                                   job->station.link.caps, "W", launch, err);
    for (size_t b = 0; b < BATCH; b++)
        job->launch[b] = (float)*launch;
    return status;
}

static enum oac_status compute(struct job *job, const struct oac_sink *sink, double *seconds,
                               struct oac_err *err)
{
    struct oac_batches batches = {
        .total = job->product->vectors,
        .batch = BATCH,
        .threads = job->threads,
        .what = "vectors",
        .sink = sink,
        .context = job,
        .run = multiply,
    };
    double begin_s = now_s();

    if (oac_batches_run(&batches, NULL, err) != OAC_OK)
        return err->status;
    *seconds = now_s() - begin_s;
    batches.run = multiply_exactly;
    return oac_batches_run(&batches, NULL, err);
}

static void compare(const struct job *job, struct oac_matmul_result *r)
{
    size_t count = job->product->vectors * job->product->rows;
    double square = 0.0, sum = 0.0, power = 0.0;

    for (size_t i = 0; i < count; i++) {
        double error = (double)job->y[i] - job->exact[i];
        square += error * error;
        sum += error;
        power += job->exact[i] * job->exact[i];
        r->error_largest = fmax(r->error_largest, fabs(error));
    }
    r->error_rms = sqrt(square / (double)count);
    r->error_mean = sum / (double)count;
    r->y_rms = sqrt(power / (double)count);
}

static void account(const struct job *job, const struct oac_matrix_light *light,
                    struct oac_matmul_result *r)
{
    const struct oac_matmul *p = job->product;
    const struct oac_link_caps *caps = job->station.link.caps;
    double photon_j = oac_photon_energy_j(caps->frequency_hz), photons = 0.0;

    for (size_t b = 0; b < p->vectors; b++)
        photons += job->photons[b];
    for (size_t t = 0; t < job->threads; t++)
        r->clipped_readouts += job->tally[t].clipped_readouts;
    struct oac_account played;
    oac_link_account(&job->station.link, &played);
    r->underflow = played.underflow;
    r->overflow = played.overflow;
    r->macs = (uint64_t)p->rows * p->cols * p->vectors;
    r->optical_macs = light->optical_macs * p->vectors;
    r->photons_per_mac_detected = photons / (double)r->macs;
    r->photons_per_mac_launched =
        r->launch * light->launched_j / photon_j / ((double)p->rows * (double)p->cols);
    r->aj_per_mac_detected = r->photons_per_mac_detected * photon_j * 1e18;
    r->aj_per_mac_launched = r->photons_per_mac_launched * photon_j * 1e18;
    r->calibration = job->station.calibration;
    r->bench_s = ((double)oac_engine_slots_per_image(job->station.engine) +
                  r->calibration.reference_slots) *
                 caps->slot_s * (double)p->vectors;
    snprintf(r->rig_name, sizeof r->rig_name, "%s", job->station.rig.name);
}

enum oac_status oac_matmul_run(const struct oac_station_options *station,
                               const struct oac_matmul *product, const struct oac_sink *sink,
                               float *y, struct oac_matmul_result *result, struct oac_err *err)
{
    struct job job = {.product = product,
                      .y = y,
                      .threads = product->threads ? product->threads : oac_processors()};
    struct oac_matrix_spec spec = {
        .rows = product->rows, .cols = product->cols, .w = product->w, .name = "W"};
    struct oac_matmul_result r = {0};
    struct oac_matrix_light light;
    enum oac_status status;
    size_t elements;

    if (product->rows == 0 || product->cols == 0 || product->vectors == 0)
        return oac_fail(err, OAC_EINVAL, "W (%zu, %zu) times X (%zu, %zu): nothing to multiply",
                        product->rows, product->cols, product->vectors, product->cols);
    if (oac_size_product(product->vectors, product->rows, "the product", &elements, err) !=
        OAC_OK)
        return err->status;
    if ((status = choose_scales(product, &spec, &r.full_scale, err)) != OAC_OK)
        return status;
    if ((status = oac_station_open(station, sink, &job.station, err)) != OAC_OK)
        return status;
    if (!job.station.link.caps->concurrent_play)
        job.threads = 1;
    if ((status = oac_engine_load(job.station.engine, &spec, &job.matrix, err)) != OAC_OK ||
        (status = create_buffers(&job, err)) != OAC_OK ||
        (status = set_power(&job, &light, &r.launch, err)) != OAC_OK ||
        (status = compute(&job, sink, &r.seconds, err)) != OAC_OK)
        goto close;
    compare(&job, &r);
    account(&job, &light, &r);
    destroy_scratch(&job); /* their workspaces are the link's */
    if ((status = oac_station_finish(&job.station, err)) == OAC_OK)
        *result = r;
close:
    if (status != OAC_OK)
        (void)oac_station_explain(&job.station, err);
    destroy(&job);
    return status;
}
