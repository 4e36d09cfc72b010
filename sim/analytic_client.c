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
    table->t = oac_alloc(5 * codes, sizeof *table->t, "client table", err);
    table->v = oac_alloc(codes, sizeof *table->v, "client table", err);
    if (!table->t || !table->v) {
        table_destroy(table);
        return err->status;
    }
    table->null_code = null_code;
    table->t2 = table->t + codes;
    table->d = table->t2 + codes;
    table->c = table->d + codes;
    table->s = table->c + codes;
    *out = table;
    return OAC_OK;
}

/* The modulator as the band's centre sees it. T at the mean of the drive noise is exact when that noise is drawn per slot (a rotating operand), which
 * it always is when it is on; so the table holds the noiseless curve. */
static void table_fill(const struct oac_analytic *self, struct oac_client_table *table)
{
    struct oac_mzm mzm = self->bench->channel[0].client;
    mzm.vpi_v /= 1.0 + self->source[0].detuning;
    size_t codes = self->bench->client_dac->codes;
    table->alpha = mzm.t_on * (1.0 + mzm.r) / 2.0;
    table->beta = mzm.t_on * (1.0 - mzm.r) / 2.0;
    for (int pass = 0; pass < 2; pass++) { /* the null code first, then all relative to it */
        for (size_t i = 0; i < (pass == 0 ? 1 : codes); i++) {
            size_t code = pass == 0 ? table->null_code : i;
            double v = oac_dac_voltage(self->bench->client_dac, (uint32_t)code) +
                       self->set.bias_client_v;
            double angle = OAC_PI * (v - mzm.vpeak_v) / mzm.vpi_v;
            double t = table->alpha + table->beta * cos(angle);
            double d = table->beta * sin(angle) * angle;
            if (pass == 0) {
                table->t_null = t;
                table->d_null = d;
                continue;
            }
            table->v[code] = v;
            table->t[code] = (float)(t - table->t_null);
            table->t2[code] = (float)(t * t - table->t_null * table->t_null);
            table->d[code] = (float)(d - table->d_null);
            table->c[code] = (float)cos(angle);
            table->s[code] = (float)sin(angle);
        }
    }
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
