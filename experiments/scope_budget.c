/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope_budget.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "experiments/scope_bench.h"
#include "sim/noise.h"

#define BITS       10 /* of the noise mask */
#define BATCH      64
#define WAVE_ONLY  ((uint32_t)OAC_NOISE_LINEWIDTH | (uint32_t)OAC_NOISE_JITTER)
#define DRIFT_TAUS 5.0
#define APART_MAX  1e15 /* slots: the clock has 64 bits */

void oac_scope_operands(uint64_t seed, uint64_t which, size_t count, float *t)
{
    for (size_t i = 0; i < count; i++)
        t[i] = (float)oac_rng_uniform(seed, OAC_RNG_OPERANDS, which << 32 | i, 0);
}

struct job {
    const struct oac_station_options *options;
    const struct oac_sink *sink;
    struct oac_sink quiet; /* of warnings, which were said before */
    size_t slots, windows, channels, done, steps;
    float *weight, *client; /* (channels, slots), (windows, slots) */
    uint64_t *slot0;        /* (windows) */
    float *code, *clean[2]; /* (windows, channels); without noise on wave, on sim */
    double electrons[2];    /* per code */
    double *dark_code;      /* (channels) of wave's readouts without light, nominal */
};

static const char *const engines[] = {"wave", "sim"};

/* Windows far enough apart for drift to forget. */
static uint64_t apart(const struct oac_rig *rig)
{
    double tau_s = 0.0;

    tau_s = rig->laser.drift_sigma > 0.0 ? fmax(tau_s, rig->laser.drift_tau_s) : tau_s;
    tau_s = rig->detector.drift_sigma > 0.0 ? fmax(tau_s, rig->detector.drift_tau_s) : tau_s;
    tau_s = rig->weight_modulator.drift_sigma_v > 0.0
                ? fmax(tau_s, rig->weight_modulator.drift_tau_s)
                : tau_s;
    tau_s = rig->client_modulator.drift_sigma_v > 0.0
                ? fmax(tau_s, rig->client_modulator.drift_tau_s)
                : tau_s;
    double slots = fmin(DRIFT_TAUS * tau_s * rig->slot_rate_hz, APART_MAX);
    return (uint64_t)slots + 2u * (uint64_t)(rig->slots_max + rig->guard_slots) + 1u;
}

static enum oac_status prepare(struct job *job, const struct oac_scope_bench *bench,
                               struct oac_err *err)
{
    size_t readouts, values;

    job->channels = bench->channels;
    if (oac_size_product(job->windows, job->channels, "readouts", &readouts, err) != OAC_OK ||
        oac_size_product(job->windows, job->slots, "operands", &values, err) != OAC_OK ||
        !(job->weight = oac_alloc(job->channels * job->slots, sizeof(float), "weights", err)) ||
        !(job->client = oac_alloc(values, sizeof(float), "operands", err)) ||
        !(job->slot0 = oac_alloc(job->windows, sizeof *job->slot0, "slots", err)) ||
        !(job->dark_code = oac_alloc(job->channels, sizeof(double), "readouts", err)) ||
        !(job->code = oac_alloc(readouts, sizeof(float), "readouts", err)) ||
        !(job->clean[0] = oac_alloc(readouts, sizeof(float), "readouts", err)) ||
        !(job->clean[1] = oac_alloc(readouts, sizeof(float), "readouts", err)))
        return err->status;
    oac_scope_operands(job->options->seed, 1, job->channels * job->slots, job->weight);
    oac_scope_operands(job->options->seed, 2, values, job->client);
    for (size_t k = 0; k < job->channels; k++)
        job->dark_code[k] = bench->caps->nominal->channel[k].offset_code;
    uint64_t step = apart(&bench->station.rig);
    for (size_t w = 0; w < job->windows; w++)
        job->slot0[w] = OAC_SCOPE_SLOT0 + (uint64_t)w * step;
    return OAC_OK;
}

/* All windows on one engine with one set of sources; the first call also prepares the job. */
static enum oac_status play(struct job *job, size_t engine, uint32_t noise, float **code,
                            struct oac_err *err)
{
    struct oac_scope_bench bench;
    enum oac_status status = oac_scope_bench_open(job->options, engines[engine], noise,
                                                  job->slots, &job->quiet, &bench, err);

    if (status != OAC_OK)
        return status;
    if (!job->weight)
        status = prepare(job, &bench, err);
    job->electrons[engine] = bench.electrons_per_code;
    for (size_t w = 0; w < job->windows && status == OAC_OK; w += BATCH) {
        size_t count = job->windows - w < BATCH ? job->windows - w : BATCH;
        const struct oac_scope_play windows = {
            .windows = count,
            .weight = job->weight,
            .client = job->client + w * job->slots,
            .slot0 = job->slot0 + w,
            .code = *code + w * job->channels,
        };
        if (oac_stop_requested(job->sink))
            status = oac_fail(err, OAC_EINTERRUPTED, "stopped on request");
        else
            status = oac_scope_bench_play(&bench, &windows, err);
    }
    oac_scope_bench_close(&bench);
    oac_progress(job->sink, "noise budget", ++job->done, job->steps, NULL);
    return status;
}

static void compare(const struct job *job, size_t engine, double *variance, double *error)
{
    double sum = 0.0, square = 0.0, n = (double)job->windows;

    for (size_t w = 0; w < job->windows; w++) {
        double mean = 0.0;
        for (size_t k = 0; k < job->channels; k++) {
            size_t i = w * job->channels + k;
            double d =
                ((double)job->code[i] - (double)job->clean[engine][i]) * job->electrons[engine];
            mean += d * d / (double)job->channels;
        }
        sum += mean;
        square += mean * mean;
    }
    *variance = sum / n;
    *error = sqrt(fmax(0.0, square / n - *variance * *variance) / n);
}

static enum oac_status measure(struct job *job, uint32_t noise,
                               struct oac_scope_budget_row *row, struct oac_err *err)
{
    enum oac_status status = play(job, 0, noise, &job->code, err);

    if (status != OAC_OK)
        return status;
    compare(job, 0, &row->wave_electrons2, &row->wave_error);
    row->sim_electrons2 = row->sim_error = (double)NAN;
    if ((noise & ~WAVE_ONLY) == 0)
        return OAC_OK;
    status = play(job, 1, noise & ~WAVE_ONLY, &job->code, err);
    if (status == OAC_OK)
        compare(job, 1, &row->sim_electrons2, &row->sim_error);
    return status;
}

static void describe_signal(const struct job *job, struct oac_scope_budget *budget)
{
    double sum = 0.0, square = 0.0, n = (double)(job->windows * job->channels);

    for (size_t i = 0; i < job->windows * job->channels; i++) {
        double code = (double)job->clean[0][i] - job->dark_code[i % job->channels];
        double e = code * job->electrons[0];
        sum += e;
        square += e * e;
    }
    budget->signal_electrons = sum / n;
    budget->swing_electrons = sqrt(fmax(0.0, square / n - sum / n * (sum / n)));
}

/* Which sources this rig has: the others would only cost time. */
static uint32_t sources_of(const struct oac_rig *r)
{
    const struct {
        uint32_t noise;
        bool there;
    } sources[] = {
        {OAC_NOISE_SHOT | OAC_NOISE_ADC | OAC_NOISE_THERMAL, true},
        {OAC_NOISE_READ, r->receiver.read_noise_v > 0.0},
        {OAC_NOISE_RIN, isfinite(r->laser.rin_db_per_hz)},
        {OAC_NOISE_DRIVE, isfinite(r->weight_dac.enob_bits) ||
                              isfinite(r->client_dac.enob_bits) ||
                              r->weight_modulator.drive_noise_v > 0.0 ||
                              r->client_modulator.drive_noise_v > 0.0},
        {OAC_NOISE_ASE, r->amplifier.position != OAC_AMPLIFIER_NONE},
        {OAC_NOISE_DRIFT, r->laser.drift_sigma > 0.0 || r->detector.drift_sigma > 0.0 ||
                              r->weight_modulator.drift_sigma_v > 0.0 ||
                              r->client_modulator.drift_sigma_v > 0.0},
        {OAC_NOISE_LINEWIDTH, r->laser.linewidth_hz > 0.0},
        {OAC_NOISE_JITTER,
         r->weight_dac.jitter_s > 0.0 || r->client_dac.jitter_s > 0.0 || r->adc.jitter_s > 0.0},
    };
    uint32_t mask = 0;

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        mask |= sources[i].there ? sources[i].noise : 0;
    return mask;
}

static void count_steps(struct job *job, uint32_t asked)
{
    job->steps = 4;
    for (; asked; asked &= asked - 1)
        job->steps += asked & -asked & WAVE_ONLY ? 1 : 2;
}

static enum oac_status run(struct job *job, struct oac_scope_budget *budget,
                           struct oac_err *err)
{
    uint32_t asked = job->options->noise;
    struct oac_rig rig;
    enum oac_status status = oac_rig_read(job->options->rig, job->options->sets,
                                          job->options->set_count, &rig, NULL, err);

    if (status == OAC_OK)
        count_steps(job, asked &= sources_of(&rig));

    for (size_t engine = 0; engine < 2 && status == OAC_OK; engine++) {
        status = play(job, engine, OAC_NOISE_NONE, &job->code, err);
        if (status == OAC_OK)
            memcpy(job->clean[engine], job->code, job->windows * job->channels * sizeof(float));
    }
    if (status == OAC_OK)
        describe_signal(job, budget);
    for (unsigned bit = 0; bit <= BITS && status == OAC_OK && asked; bit++) {
        uint32_t noise = bit == BITS ? asked : asked & 1u << bit;
        struct oac_scope_budget_row *row = &budget->row[budget->rows];
        char name[64];
        if (noise == 0)
            continue;
        oac_noise_format(noise, name);
        snprintf(row->name, sizeof row->name, "%.31s", bit == BITS ? "all" : name);
        status = measure(job, noise, row, err);
        budget->rows++;
    }
    return status;
}

enum oac_status oac_scope_budget_make(const struct oac_station_options *options, size_t slots,
                                      size_t windows, const struct oac_sink *sink,
                                      struct oac_scope_budget *budget, struct oac_err *err)
{
    struct job job = {.options = options, .sink = sink, .slots = slots, .windows = windows};
    enum oac_status status = OAC_OK;

    memset(budget, 0, sizeof *budget);
    budget->windows = windows;
    if (windows == 0 || options->noise == OAC_NOISE_NONE)
        return OAC_OK;
    if (sink)
        job.quiet = *sink;
    job.quiet.log = NULL;
    status = run(&job, budget, err);
    budget->channels = job.channels;
    free(job.weight);
    free(job.client);
    free(job.slot0);
    free(job.dark_code);
    free(job.code);
    free(job.clean[0]);
    free(job.clean[1]);
    return status;
}
