/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "sim/analytic_bench.h"

static void table_destroy(struct oac_client_table *table)
{
    if (!table)
        return;
    free(table->t);
    free(table->v);
    free(table);
}

static enum oac_status table_create(const struct oac_analytic *self, uint16_t null_code,
                                    struct oac_client_table **out, struct oac_err *err)
{
    size_t codes = self->bench->client_dac->codes;
    struct oac_client_table *table = oac_alloc(1, sizeof *table, "client table", err);
    if (!table)
        return err->status;
    table->t = oac_alloc(3 * codes, sizeof *table->t, "client table", err);
    table->v = oac_alloc(codes, sizeof *table->v, "client table", err);
    if (!table->t || !table->v) {
        table_destroy(table);
        return err->status;
    }
    table->null_code = null_code;
    table->d = table->t + codes;
    table->turns = table->d + codes;
    *out = table;
    return OAC_OK;
}

static double client_v(const struct oac_analytic *self, size_t code)
{
    return oac_dac_voltage(self->bench->client_dac, (uint32_t)code) + self->panel.bias_client_v;
}

static double angle_at(const struct oac_analytic *self, const struct oac_mzm *mzm, size_t code)
{
    return OAC_PI * (client_v(self, code) - mzm->vpeak_v) / mzm->vpi_v;
}

/* The modulator as the band's centre sees it. T at the mean of the drive noise is exact when that noise is
 * drawn per slot (a rotating operand), which it always is when it is on; so the table holds the noiseless
 * curve. */
static void table_fill(const struct oac_analytic *self, struct oac_client_table *table)
{
    struct oac_mzm mzm = self->bench->channel[0].client;
    mzm.vpi_v /= 1.0 + self->source[0].detuning;
    size_t codes = self->bench->client_dac->codes;
    table->alpha = mzm.t_on * (1.0 + mzm.r) / 2.0;
    table->beta = mzm.t_on * (1.0 - mzm.r) / 2.0;
    double null_angle = angle_at(self, &mzm, table->null_code);
    table->t_null = table->alpha + table->beta * cos(null_angle);
    table->d_null = table->beta * sin(null_angle) * null_angle;
    for (size_t code = 0; code < codes; code++) {
        double angle = angle_at(self, &mzm, code);
        double d = table->beta * sin(angle) * angle;
        table->v[code] = client_v(self, code);
        table->t[code] = (float)(table->alpha + table->beta * cos(angle) - table->t_null);
        table->d[code] = (float)(d - table->d_null);
        table->turns[code] = (float)(angle / (2.0 * OAC_PI));
    }
    /* The null code must come out as exactly nothing, or skipping it would not be exact: its light is
     * taken from the arithmetic that the other codes go through. */
    double per_code = OAC_PI * self->bench->client_dac->lsb_v / mzm.vpi_v;
    table->straight = self->bench->client_dac->error_v == NULL;
    oac_transmission_init(&table->curve, table->alpha, table->beta,
                          angle_at(self, &mzm, 0) / (2.0 * OAC_PI), per_code / (2.0 * OAC_PI),
                          (uint32_t)codes, table->null_code);
    if (!table
             ->straight) /* the null code's own error is in t_null, and so in what t is taken from */
        table->curve.null = (float)table->t_null;
}

enum oac_status oac_client_table_get(struct oac_analytic *self, uint16_t null_code,
                                     const struct oac_client_table **out, struct oac_err *err)
{
    for (const struct oac_client_table *table = self->clients; table; table = table->next) {
        if (table->null_code == null_code) {
            *out = table;
            return OAC_OK;
        }
    }
    struct oac_client_table *table = NULL;
    if (table_create(self, null_code, &table, err))
        return err->status;
    table_fill(self, table);
    table->next = self->clients;
    self->clients = table;
    *out = table;
    return OAC_OK;
}

void oac_client_tables_destroy(struct oac_analytic *self)
{
    while (self->clients) {
        struct oac_client_table *next = self->clients->next;
        table_destroy(self->clients);
        self->clients = next;
    }
}
