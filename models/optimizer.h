/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a gradient moves the weights, and how far in which step.
 *
 * Adam (Kingma and Ba, ICLR 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter, ICLR
 * 2019), g the mean gradient of a batch:
 *     m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,
 *     w -= rate ( m/(1-b1^t) / (sqrt(v/(1-b2^t)) + eps) + decay w ),   b1 0.9, b2 0.999, eps 1e-8
 * SGD with momentum:  m = momentum m + g + decay w,  w -= rate m
 * Rate: linear from 0 over the warm-up, then constant or a half cosine down to 0 at the last step.
 * Element by element in float32 without libm: any split over threads gives the same bits. */
#ifndef OAC_MODELS_OPTIMIZER_H
#define OAC_MODELS_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

enum oac_optimizer_kind { OAC_ADAM, OAC_SGD };
extern const char *const oac_optimizer_names[]; /* "adam", "sgd", NULL */
enum oac_schedule { OAC_SCHEDULE_COSINE, OAC_SCHEDULE_CONSTANT };
extern const char *const oac_schedule_names[]; /* "cosine", "constant", NULL */

struct oac_optimizer {
    enum oac_optimizer_kind kind;
    enum oac_schedule schedule;
    double rate;         /* > 0, of the schedule's top */
    double momentum;     /* SGD: 0 <= momentum < 1 */
    double weight_decay; /* >= 0; biases are not decayed */
    double warmup;       /* fraction of all steps, 0 <= warmup < 1 */
};

struct oac_update { /* the constants of one step */
    enum oac_optimizer_kind kind;
    float rate, epsilon, decay, momentum;
};

/* Learning rate of step 0 .. steps-1. Pure. */
double oac_schedule_rate(const struct oac_optimizer *optimizer, uint64_t step, uint64_t steps);

struct oac_update oac_optimizer_update(const struct oac_optimizer *optimizer, uint64_t step,
                                       uint64_t steps);

/* Moves w (count) by gradient g, keeping the moments m and v (v unused by SGD), then clips it to
 * [-limit, limit]. Pure in everything but w, m, v. */
void oac_update_apply(const struct oac_update *update, float limit, size_t count,
                      const float *g, float *m, float *v, float *w);

#endif
