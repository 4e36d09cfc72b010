/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of readouts, and what 4 standard errors say about them. */
#include "tests/sim/monte_carlo.h"

double light_of(const struct mc_scene *scene, size_t k, size_t j, size_t n, bool minus)
{
    const struct oac_rig *rig = &scene->optics->rig;
    const struct pattern *p = scene->pattern;
    uint16_t code = j < p->rows ? p->weight[j * p->slots + n] : scene->weight_guard;
    double t = mzm_t(&rig->weight_modulator, dac_v(&rig->weight_dac, code), 1.0);
    double x = mzm_t(&rig->client_modulator, dac_v(&rig->client_dac, p->x[n]),
                     client_vpi_scale(rig, k));
    return (double)p->launch * full_electrons(rig, k, j) * x *
           (minus ? mzm_complement_t(&rig->weight_modulator, t) : t);
}

struct sample sample_take(size_t rows, size_t trials)
{
    return (struct sample){rows, trials, calloc(rows * trials, sizeof(double))};
}

void sample_free(struct sample *s)
{
    free(s->value);
    s->value = NULL;
}

double sample_mean(const struct sample *s, size_t k)
{
    double sum = 0.0;
    for (size_t i = 0; i < s->trials; i++)
        sum += s->value[i * s->rows + k];
    return sum / (double)s->trials;
}

double sample_covariance(const struct sample *s, size_t k, size_t l)
{
    double a = sample_mean(s, k), b = sample_mean(s, l), sum = 0.0;
    for (size_t i = 0; i < s->trials; i++)
        sum += (s->value[i * s->rows + k] - a) * (s->value[i * s->rows + l] - b);
    return sum / ((double)s->trials - 1.0);
}

/* The spread of the products themselves, so that no distribution is assumed: for k = l this is the
 * kurtosis-corrected error of a variance. */
double sample_covariance_error(const struct sample *s, size_t k, size_t l)
{
    double a = sample_mean(s, k), b = sample_mean(s, l), c = sample_covariance(s, k, l),
           sum = 0.0;
    for (size_t i = 0; i < s->trials; i++) {
        double d = (s->value[i * s->rows + k] - a) * (s->value[i * s->rows + l] - b) - c;
        sum += d * d;
    }
    return sqrt(sum) / (double)s->trials;
}

void both_play(struct optics *o, const struct mc_scene *scene, struct sample *engine,
               struct sample *oracle)
{
    const struct pattern *p = scene->pattern;
    struct oac_err err;
    *engine = sample_take(p->rows, TRIALS);
    *oracle = sample_take(p->rows, TRIALS);
    float *code = calloc(1000 * p->rows, sizeof *code);
    uint32_t handle = optics_load(o, p);
    for (size_t done = 0; done < TRIALS; done += 1000) {
        optics_play(o, handle, p, 1000, done * (p->slots + (uint64_t)o->rig.guard_slots), code,
                    NULL, NULL);
        for (size_t i = 0; i < 1000 * p->rows; i++)
            engine->value[done * p->rows + i] = (double)code[i];
    }
    cr_assert_eq(o->link.ops->unload(o->link.self, handle, &err), OAC_OK);
    free(code);
    mc_play(scene, 20, TRIALS, oracle->value);
    for (size_t i = 0; i < TRIALS * p->rows; i++) {
        engine->value[i] = electrons_of_code(&o->rig, engine->value[i], p->slots);
        oracle->value[i] = electrons_of_code(&o->rig, oracle->value[i], p->slots);
    }
}

static void within(double found, double expected, double error, const char *what,
                   const char *of, size_t k)
{
    cr_expect(fabs(found - expected) <= 4.0 * error,
              "%s, row %zu: %s is %.8g, expected %.8g (%+.2f %%, %.1f standard errors)", what,
              k, of, found, expected, 100.0 * (found / expected - 1.0),
              (found - expected) / error);
}

/* Floats carry a code to 6e-8 of its size, which is no noise: added to the standard error of the mean. */
static double mean_error(const struct sample *s, size_t k)
{
    return sqrt(sample_covariance(s, k, k) / (double)s->trials) +
           1e-7 * fabs(sample_mean(s, k));
}

void expect_agreement(const struct sample *engine, const struct sample *oracle,
                      const double *mean, const double *variance, const char *what)
{
    for (size_t k = 0; k < engine->rows; k++) {
        double m = sample_mean(engine, k), mo = sample_mean(oracle, k);
        double em = mean_error(engine, k), emo = mean_error(oracle, k);
        double v = sample_covariance(engine, k, k), vo = sample_covariance(oracle, k, k);
        double ev = sample_covariance_error(engine, k, k);
        double evo = sample_covariance_error(oracle, k, k);
        within(m, mo, hypot(em, emo), what, "engine's mean against the oracle's", k);
        within(v, vo, hypot(ev, evo), what, "engine's variance against the oracle's", k);
        if (mean)
            within(m, mean[k], em, what, "engine's mean against the formula", k);
        if (mean)
            within(mo, mean[k], emo, what, "oracle's mean against the formula", k);
        if (variance)
            within(v, variance[k], ev, what, "engine's variance against the formula", k);
        if (variance)
            within(vo, variance[k], evo, what, "oracle's variance against the formula", k);
    }
}

void expect_covariance(const struct sample *engine, const struct sample *oracle, size_t k,
                       size_t l, double closed, const char *what)
{
    double c = sample_covariance(engine, k, l), co = sample_covariance(oracle, k, l);
    double e = sample_covariance_error(engine, k, l),
           eo = sample_covariance_error(oracle, k, l);
    within(c, co, hypot(e, eo), what, "engine's covariance with the next against the oracle's",
           k);
    if (isnan(closed))
        return;
    within(c, closed, e, what, "engine's covariance with the next against the formula", k);
    within(co, closed, eo, what, "oracle's covariance with the next against the formula", k);
}
