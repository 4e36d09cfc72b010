/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters of the server half: dispersion of every channel's fiber and the band of the amplifiers' noise. Dispersion
 * rings for ever and goes round in the filter's segment, so each length of segment has filters of its own. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "sim/waveform/server_internal.h"

/* 1 within the amplifier's filter. */
static double complex amplifier_band(const void *context, double f_hz)
{
    const struct oac_amplifier *amplifier = context;
    return fabs(f_hz) <= 0.5 * amplifier->bandwidth_hz ? 1.0 : 0.0;
}

/* Dispersion that turns no sampled component by more than this is left out: what it moves from one sample to
 * another is below the square, 1e-8 of the light. At 40 MS/s 86 km of standard fiber turn 1.5e-5 rad. */
#define STRAIGHT_RAD 1e-4

static bool bends(const struct oac_fiber_line *line, double rate_hz)
{
    double w = OAC_PI * rate_hz;
    double phase_rad =
        line->length_m *
        (fabs(line->beta2_s2_per_m) / 2.0 + fabs(line->beta3_s3_per_m) / 6.0 * w) * w * w;
    return phase_rad > STRAIGHT_RAD;
}

static struct oac_filter_spec spec_of(const struct oac_waveform *self, oac_response response,
                                      const void *context, size_t samples)
{
    return (struct oac_filter_spec){.response = response,
                                    .context = context,
                                    .sample_rate_hz = self->grid.rate_hz,
                                    .segment = samples};
}

enum oac_status oac_wave_server_disperse(const struct oac_waveform *self,
                                         struct oac_wave_server *server, struct oac_err *err)
{
    size_t longest =
        (size_t)(self->rig.slots_max + 2 * self->rig.guard_slots) * self->grid.per_slot;
    for (size_t k = 0; k < server->channels; k++) {
        struct oac_wave_server_channel *channel = &server->channel[k];
        channel->disperses = bends(&channel->line, self->grid.rate_hz);
        if (!channel->disperses)
            continue;
        const struct oac_filter_spec spec =
            spec_of(self, oac_fiber_response, &channel->line, longest);
        if (oac_filter_find_memory(&spec, &channel->memory, err))
            return oac_fail_within(err, "fiber of channel %zu", k);
        if (channel->memory > server->memory)
            server->memory = channel->memory;
    }
    return OAC_OK;
}

static void destroy(struct oac_wave_server_filters *filters, size_t channels)
{
    for (size_t k = 0; filters->dispersion && k < channels; k++)
        oac_filter_destroy(filters->dispersion[k]);
    free(filters->dispersion);
    oac_filter_destroy(filters->ase_band);
    free(filters);
}

void oac_wave_server_filters_destroy(struct oac_wave_server *server)
{
    while (server->filters) {
        struct oac_wave_server_filters *first = server->filters;
        server->filters = first->next;
        destroy(first, server->channels);
    }
}

static enum oac_status fill(const struct oac_waveform *self,
                            struct oac_wave_server_filters *filters, struct oac_err *err)
{
    const struct oac_wave_server *server = self->server;
    filters->dispersion =
        oac_alloc(server->channels, sizeof *filters->dispersion, "a server's filters", err);
    if (!filters->dispersion)
        return err->status;
    for (size_t k = 0; k < server->channels; k++) {
        if (!server->channel[k].disperses)
            continue;
        const struct oac_filter_spec spec =
            spec_of(self, oac_fiber_response, &server->channel[k].line, filters->samples);
        if (oac_filter_create(&spec, &filters->dispersion[k], err))
            return oac_fail_within(err, "fiber of channel %zu", k);
    }
    if (!server->ase_limited)
        return OAC_OK;
    const struct oac_filter_spec spec =
        spec_of(self, amplifier_band, &self->bench->amplifier, filters->samples);
    if (oac_filter_create(&spec, &filters->ase_band, err))
        return oac_fail_within(err, "amplifier");
    return OAC_OK;
}

static enum oac_status find(const struct oac_waveform *self, size_t samples,
                            const struct oac_wave_server_filters **filters, struct oac_err *err)
{
    struct oac_wave_server *server = self->server;
    for (struct oac_wave_server_filters *at = server->filters; at; at = at->next)
        if (at->samples == samples) {
            *filters = at;
            return OAC_OK;
        }
    struct oac_wave_server_filters *made =
        oac_alloc(1, sizeof *made, "a server's filters", err);
    if (!made)
        return err->status;
    made->samples = samples;
    if (fill(self, made, err)) {
        destroy(made, server->channels);
        return err->status;
    }
    made->next = server->filters;
    server->filters = made;
    *filters = made;
    return OAC_OK;
}

/* A segment rests at both ends for its memory; a circle shorter than that twice would still meet itself. */
enum oac_status oac_wave_server_find_filters(const struct oac_waveform *self, size_t samples,
                                             const struct oac_wave_server_filters **filters,
                                             struct oac_err *err)
{
    struct oac_wave_server *server = self->server;
    size_t least = 2 * server->memory;
    size_t circle = oac_filter_fast_segment(samples > least ? samples : least);
    pthread_mutex_lock(&server->lock);
    enum oac_status status = find(self, circle, filters, err);
    pthread_mutex_unlock(&server->lock);
    return status;
}
