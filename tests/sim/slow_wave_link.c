/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/wave_link.h"

#include "hal/modem.h"

#define BATCH 250

void wave_open(struct optics *o, uint32_t noise, const char *const *sets, bool propagate)
{
    const uint8_t hash[32] = {0};
    const struct oac_waveform_options options = {.propagate = propagate};
    const struct oac_modem_options modem = {.sync_slot0 = WAVE_SYNC_SLOT0};
    struct oac_stream stream;
    struct oac_err err;
    memset(o, 0, sizeof *o);
    cr_assert_eq(oac_config_defaults(&oac_rig_table, &o->rig, &err), OAC_OK, "%s", err.message);
    optics_set(&o->rig, PLAIN);
    optics_set(&o->rig, sets);
    cr_assert_eq(oac_waveform_open(&o->rig, hash, noise, 20, &options, &stream, &err), OAC_OK,
                 "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, &modem, &o->link, &err), OAC_OK, "%s", err.message);
    o->workspace = oac_link_workspace_create(&o->link, &err);
    cr_assert_not_null(o->workspace, "%s", err.message);
}

struct sample wave_sample(struct optics *o, const struct pattern *p, size_t windows)
{
    struct sample sample = sample_take(p->rows, windows);
    struct oac_err err;
    float *code = calloc(BATCH * p->rows, sizeof *code);
    uint32_t handle = optics_load(o, p);
    for (size_t done = 0; done < windows; done += BATCH) {
        size_t count = windows - done < BATCH ? windows - done : BATCH;
        optics_play(o, handle, p, count, done * (p->slots + (uint64_t)o->rig.guard_slots), code,
                    NULL, NULL);
        for (size_t i = 0; i < count * p->rows; i++)
            sample.value[done * p->rows + i] =
                electrons_of_code(&o->rig, (double)code[i], p->slots);
    }
    cr_assert_eq(o->link.ops->unload(o->link.self, handle, &err), OAC_OK, "%s", err.message);
    free(code);
    return sample;
}

void wave_expect(const struct sample *s, const double *mean, const double *variance,
                 const char *what)
{
    for (size_t k = 0; k < s->rows; k++) {
        double m = sample_mean(s, k), v = sample_covariance(s, k, k);
        double em = sqrt(v / (double)s->trials) + 1e-7 * fabs(mean[k]);
        double ev = sample_covariance_error(s, k, k);
        cr_expect(fabs(m - mean[k]) <= 4.0 * em,
                  "%s, row %zu: mean %.8g, expected %.8g (%+.3f %%, %.1f standard errors)",
                  what, k, m, mean[k], 100.0 * (m / mean[k] - 1.0), (m - mean[k]) / em);
        cr_expect(fabs(v - variance[k]) <= 4.0 * ev,
                  "%s, row %zu: variance %.6g, expected %.6g (%+.2f %%, %.1f standard errors)",
                  what, k, v, variance[k], 100.0 * (v / variance[k] - 1.0),
                  (v - variance[k]) / ev);
    }
}

void wave_unskew(struct optics *o)
{
    struct oac_stream *stream = oac_modem_stream(&o->link);
    struct oac_err err;
    double readback;
    cr_assert_eq(stream->ops->set(stream->self, OAC_SKEW_S, 0, 0.0, &readback, &err), OAC_OK,
                 "%s", err.message);
    cr_assert_eq(readback, 0.0);
}

void wave_one_hot(struct pattern *p, const struct optics *o, size_t m)
{
    memset(p->x, 0, sizeof p->x);
    p->x[m] = (uint16_t)((1u << o->rig.client_dac.bits) - 1u);
}
