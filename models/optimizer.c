/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/optimizer.h"

#include <math.h>

#include "base/constants.h"
#include "models/sine.h"

#define BETA_1  0.9
#define BETA_2  0.999
#define EPSILON 1e-8

const char *const oac_optimizer_names[] = {"adam", "sgd", 0};
const char *const oac_schedule_names[] = {"cosine", "constant", 0};

double oac_schedule_rate(const struct oac_optimizer *optimizer, uint64_t step, uint64_t steps)
{
    double done = ((double)step + 0.5) / (double)steps, warmup = optimizer->warmup;
    if (done < warmup)
        return optimizer->rate * done / warmup;
    if (optimizer->schedule == OAC_SCHEDULE_CONSTANT)
        return optimizer->rate;
    double phase = (done - warmup) / (1.0 - warmup);
    phase = phase < 1.0 ? phase : 1.0;
    return optimizer->rate * 0.5 * (1.0 + oac_plain_cosine(OAC_PI * phase));
}

/* base^exponent by squaring: pow() of libm may round differently elsewhere. */
static double power(double base, uint64_t exponent)
{
    double result = 1.0;
    for (; exponent; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

struct oac_update oac_optimizer_update(const struct oac_optimizer *optimizer, uint64_t step,
                                       uint64_t steps)
{
    double rate = oac_schedule_rate(optimizer, step, steps);
    struct oac_update update = {.kind = optimizer->kind,
                                .rate = (float)rate,
                                .decay = (float)optimizer->weight_decay,
                                .momentum = (float)optimizer->momentum};
    if (optimizer->kind == OAC_ADAM) {
        double spread = sqrt(1.0 - power(BETA_2, step + 1));
        update.rate = (float)(rate * spread / (1.0 - power(BETA_1, step + 1)));
        update.epsilon = (float)(EPSILON * spread);
        update.decay = (float)(rate * optimizer->weight_decay);
    }
    return update;
}

static float clip(float x, float limit)
{
    x = x < limit ? x : limit;
    return x > -limit ? x : -limit;
}

void oac_update_apply(const struct oac_update *update, float limit, size_t count,
                      const float *g, float *restrict m, float *restrict v, float *restrict w)
{
    const float rate = update->rate, decay = update->decay;
    if (update->kind == OAC_SGD) {
        for (size_t i = 0; i < count; i++) {
            m[i] = update->momentum * m[i] + (g[i] + decay * w[i]);
            w[i] = clip(w[i] - rate * m[i], limit);
        }
        return;
    }
    const float keep_1 = (float)BETA_1, keep_2 = (float)BETA_2, epsilon = update->epsilon;
    const float take_1 = (float)(1.0 - BETA_1), take_2 = (float)(1.0 - BETA_2);
    for (size_t i = 0; i < count; i++) {
        m[i] = keep_1 * m[i] + take_1 * g[i];
        v[i] = keep_2 * v[i] + take_2 * (g[i] * g[i]);
        float step = rate * m[i] / (sqrtf(v[i]) + epsilon) + decay * w[i];
        w[i] = clip(w[i] - step, limit);
    }
}
