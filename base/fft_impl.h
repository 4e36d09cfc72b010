/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans of base/fft.h in one precision: base/fft_double.c and base/fft_single.c define
 *     FFTW(name)  FFTW's function or type of that precision      REAL       double or float
 *     FFT         struct oac_fft or oac_fft_f                    FFT_(verb) oac_fft_verb or oac_fft_f_verb
 * and include this file once. */
#include <fftw3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/fft.h"

struct FFT {
    size_t n;
    enum oac_fft_kind kind;
    FFTW(plan) apart;    /* in != out */
    FFTW(plan) in_place; /* complex kinds only */
    size_t users;
    struct FFT *next;
};

/* FFTW keeps one planner per precision and process, which no two threads may enter. Beside it, its plans: a plan
 * is the same whenever it is made, so one is shared by all who want that size, and a few are kept when nobody
 * does (planning 6,400 points costs as much as 40 transforms). */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;
static struct FFT *plans; /* guarded by the planner's mutex; the latest first */
#define IDLE_PLANS_MAX 32

static FFTW(plan) plan_make(int n, enum oac_fft_kind kind, REAL *in, REAL *out)
{
    FFTW(complex) *from = (FFTW(complex) *)in, *to = (FFTW(complex) *)out;
    switch (kind) {
    case OAC_FFT_FORWARD:
        return FFTW(plan_dft_1d)(n, from, to, FFTW_FORWARD, FFTW_ESTIMATE);
    case OAC_FFT_BACKWARD:
        return FFTW(plan_dft_1d)(n, from, to, FFTW_BACKWARD, FFTW_ESTIMATE);
    case OAC_FFT_REAL_FORWARD:
        return FFTW(plan_dft_r2c_1d)(n, in, to, FFTW_ESTIMATE);
    default:
        return FFTW(plan_dft_c2r_1d)(n, from, out, FFTW_ESTIMATE);
    }
}

/* FFTW_ESTIMATE looks at the addresses of the arrays only, so they are never touched (no oac_alloc, which
 * zeroes). Forgetting wisdom makes the plan the same whatever was planned before. */
static void plan_both(struct FFT *self)
{
    size_t reals = 2 * (self->n + 1); /* the complex side of a real one has 2 (n/2 + 1) */
    REAL *in = FFTW(alloc_real)(reals), *out = FFTW(alloc_real)(reals);
    if (in && out) {
        FFTW(forget_wisdom)();
        self->apart = plan_make((int)self->n, self->kind, in, out);
        if (self->kind == OAC_FFT_FORWARD || self->kind == OAC_FFT_BACKWARD)
            self->in_place = plan_make((int)self->n, self->kind, in, in);
    }
    FFTW(free)(in);
    FFTW(free)(out);
}

static void plan_free(struct FFT *self)
{
    FFTW(destroy_plan)(self->apart); /* NULL is fine */
    FFTW(destroy_plan)(self->in_place);
    free(self);
}

/* The planner's mutex is held. */
static struct FFT *plan_find(size_t n, enum oac_fft_kind kind)
{
    struct FFT *plan = plans;
    while (plan && (plan->n != n || plan->kind != kind))
        plan = plan->next;
    return plan;
}

/* The planner's mutex is held. Drops idle plans beyond those worth keeping, the oldest. */
static void plans_trim(void)
{
    size_t idle = 0;
    for (struct FFT **link = &plans; *link;) {
        struct FFT *plan = *link;
        if (plan->users == 0 && ++idle > IDLE_PLANS_MAX) {
            *link = plan->next;
            plan_free(plan);
        } else {
            link = &plan->next;
        }
    }
}

/* The planner's mutex is held. NULL without memory. */
static struct FFT *plan_new(size_t n, enum oac_fft_kind kind)
{
    struct FFT *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->n = n;
    plan->kind = kind;
    plan_both(plan);
    bool real = kind == OAC_FFT_REAL_FORWARD || kind == OAC_FFT_REAL_BACKWARD;
    if (!plan->apart || !(plan->in_place || real)) {
        plan_free(plan);
        return NULL;
    }
    plan->next = plans;
    plans = plan;
    return plan;
}

enum oac_status FFT_(create)(size_t n, enum oac_fft_kind kind, struct FFT **fft,
                             struct oac_err *err)
{
    if (n < 1 || n > OAC_FFT_MAX)
        return oac_fail(err, OAC_EINVAL, "Fourier transform: %zu points; 1 to %zu are possible",
                        n, OAC_FFT_MAX);
    pthread_mutex_lock(&planner);
    struct FFT *plan = plan_find(n, kind);
    if (!plan)
        plan = plan_new(n, kind);
    if (plan)
        plan->users++;
    pthread_mutex_unlock(&planner);
    if (!plan)
        return oac_fail(err, OAC_ENOMEM,
                        "Fourier transform: FFTW makes no plan of %zu points; free memory", n);
    *fft = plan;
    return OAC_OK;
}

void FFT_(destroy)(struct FFT *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&planner);
    self->users--;
    plans_trim();
    pthread_mutex_unlock(&planner);
}

void FFT_(execute)(const struct FFT *self, REAL *in, REAL *out)
{
    FFTW(complex) *from = (FFTW(complex) *)in, *to = (FFTW(complex) *)out;
    if (self->kind == OAC_FFT_REAL_FORWARD)
        FFTW(execute_dft_r2c)(self->apart, in, to);
    else if (self->kind == OAC_FFT_REAL_BACKWARD)
        FFTW(execute_dft_c2r)(self->apart, from, out);
    else
        FFTW(execute_dft)(in == out ? self->in_place : self->apart, from, to);
}
