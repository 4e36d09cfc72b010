/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/filter_bank.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"

struct place {
    size_t segment;
    struct oac_filter *filter;
    struct place *next;
};

struct oac_filter_bank {
    struct oac_filter_spec spec;
    pthread_mutex_t lock; /* guards the list; filters do not change */
    struct place *first;
};

enum oac_status oac_filter_bank_create(const struct oac_filter_spec *spec,
                                       struct oac_filter_bank **bank, struct oac_err *err)
{
    struct oac_filter_bank *self = oac_alloc(1, sizeof *self, "filters", err);
    if (!self)
        return err->status;
    self->spec = *spec;
    pthread_mutex_init(&self->lock, NULL);
    *bank = self;
    return OAC_OK;
}

void oac_filter_bank_destroy(struct oac_filter_bank *self)
{
    if (!self)
        return;
    for (struct place *at = self->first, *next; at; at = next) {
        next = at->next;
        oac_filter_destroy(at->filter);
        free(at);
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static struct place *make(struct oac_filter_bank *self, size_t segment, struct oac_err *err)
{
    struct oac_filter_spec spec = self->spec;
    struct place *made = oac_alloc(1, sizeof *made, "filters", err);
    if (!made)
        return NULL;
    spec.segment = made->segment = segment;
    if (oac_filter_create(&spec, &made->filter, err)) {
        free(made);
        return NULL;
    }
    made->next = self->first;
    self->first = made;
    return made;
}

enum oac_status oac_filter_bank_find(struct oac_filter_bank *self, size_t samples,
                                     const struct oac_filter **filter, struct oac_err *err)
{
    size_t least = samples > self->spec.segment ? samples : self->spec.segment;
    size_t segment = oac_filter_fast_segment(least);
    pthread_mutex_lock(&self->lock);
    struct place *at = self->first;
    while (at && at->segment != segment)
        at = at->next;
    if (!at)
        at = make(self, segment, err);
    pthread_mutex_unlock(&self->lock);
    if (!at)
        return err->status;
    *filter = at->filter;
    return OAC_OK;
}
