/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/played.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK 4096u /* samples decoded at once */

static void bound(void *context, const struct oac_board_port *port, const char *role,
                  double v0_v, double lsb_v)
{
    struct oac_played *self = context;
    for (size_t i = 0; i < self->ports; i++)
        if (strcmp(self->port[i].port.name, port->name) == 0)
            return;
    if (self->ports == OAC_BOARD_PORTS_MAX)
        return;
    struct oac_played_port *made = &self->port[self->ports];
    made->codes = (size_t)1 << port->codec.bits;
    made->count =
        oac_alloc(made->codes, sizeof *made->count, "counts of a port", &self->failed);
    if (!made->count)
        return;
    made->port = *port;
    snprintf(made->role, sizeof made->role, "%s", role);
    made->v0_v = v0_v;
    made->lsb_v = lsb_v;
    self->ports++;
}

static void wrote(void *context, const char *place, const char *value)
{
    struct oac_played *self = context;
    bool after = false;
    if (self->writes == self->writes_room) {
        const size_t room = self->writes_room ? 2 * self->writes_room : 64;
        struct oac_played_write *more =
            oac_alloc(room, sizeof *more, "a list of settings", &self->failed);
        if (!more)
            return;
        if (self->writes)
            memcpy(more, self->write, self->writes * sizeof *more);
        free(self->write);
        self->write = more;
        self->writes_room = room;
    }
    for (size_t i = 0; i < self->ports; i++)
        after = after || self->port[i].samples > 0;
    struct oac_played_write *made = &self->write[self->writes++];
    snprintf(made->place, sizeof made->place, "%s", place);
    snprintf(made->value, sizeof made->value, "%s", value);
    made->after = after;
}

static bool make_room(struct oac_played *self, struct oac_played_port *port, size_t samples)
{
    const size_t needed = (size_t)port->samples + samples;
    if (needed <= port->whole_room)
        return true;
    if (needed > OAC_PLAYED_WHOLE_BYTES_MAX / sizeof *port->whole) {
        oac_fail(&self->failed, OAC_EUNSUPPORTED,
                 "port %s: more than %zu samples are too many to keep: play fewer images, or "
                 "leave --voltages-whole away",
                 port->port.name, OAC_PLAYED_WHOLE_BYTES_MAX / sizeof *port->whole);
        return false;
    }
    const size_t room = 2 * needed;
    uint16_t *more = oac_alloc(room, sizeof *more, "every sample", &self->failed);
    if (!more)
        return false;
    if (port->samples)
        memcpy(more, port->whole, (size_t)port->samples * sizeof *more);
    free(port->whole);
    port->whole = more;
    port->whole_room = room;
    return true;
}

static void keep(uint16_t *to, size_t count, const int32_t *code)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint16_t)code[i];
}

static void count_codes(struct oac_played_port *port, size_t count, const int32_t *code)
{
    for (size_t i = 0; i < count; i++) {
        const uint16_t c = (uint16_t)code[i];
        const uint16_t before = port->samples ? port->last : c;
        if (port->samples == 0)
            port->low = port->high = port->first_code = c;
        port->low = c < port->low ? c : port->low;
        port->high = c > port->high ? c : port->high;
        port->slope_v = fmax(port->slope_v, fabs(port->lsb_v * ((double)c - (double)before)));
        port->count[c]++;
        port->last = c;
        port->samples++;
    }
}

static struct oac_played_port *find(struct oac_played *self, const char *device,
                                    const char *channel)
{
    for (size_t i = 0; i < self->ports; i++)
        if (strcmp(self->port[i].port.device, device) == 0 &&
            strcmp(self->port[i].port.channel, channel) == 0)
            return &self->port[i];
    return NULL;
}

static void pushed(void *context, const char *device, const char *channel, size_t samples,
                   const void *first, size_t step_bytes)
{
    struct oac_played *self = context;
    struct oac_played_port *port = find(self, device, channel);
    int32_t code[BLOCK];
    if (!port)
        return;
    const bool is_first = port->buffers++ == 0;
    if (is_first)
        port->first = oac_alloc(samples, sizeof *port->first, "a buffer", &self->failed);
    const bool whole = self->keep && !self->failed.status && make_room(self, port, samples);
    for (size_t at = 0; at < samples; at += BLOCK) {
        const size_t count = samples - at < BLOCK ? samples - at : BLOCK;
        (void)oac_codec_decode(&port->port.codec, count, (const char *)first + at * step_bytes,
                               step_bytes, code);
        if (is_first && port->first)
            keep(port->first + at, count, code);
        if (whole)
            keep(port->whole + port->samples, count, code);
        count_codes(port, count, code);
    }
    if (is_first && port->first)
        port->first_samples = samples;
}

void oac_played_init(struct oac_played *played, bool keep_all)
{
    *played = (struct oac_played){.keep = keep_all};
    played->tap =
        (struct oac_tap){.context = played, .bound = bound, .wrote = wrote, .pushed = pushed};
}

void oac_played_fini(struct oac_played *played)
{
    for (size_t i = 0; i < played->ports; i++) {
        free(played->port[i].count);
        free(played->port[i].first);
        free(played->port[i].whole);
    }
    free(played->write);
    *played = (struct oac_played){0};
}

enum oac_status oac_played_check(const struct oac_played *played, struct oac_err *err)
{
    if (played->failed.status)
        *err = played->failed;
    return played->failed.status;
}

double oac_played_volts(const struct oac_played_port *port, double code)
{
    return port->v0_v + port->lsb_v * code;
}

size_t oac_played_levels(const struct oac_played_port *port)
{
    size_t levels = 0;
    for (size_t c = 0; c < port->codes; c++)
        levels += port->count[c] > 0;
    return levels;
}
