/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds one role of a rig to the port of a board. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/iio/stream_state.h"
#include "sim/components/adc.h"
#include "sim/components/dac.h"

#define RATE_NEAR 1e-4 /* relative: that a board may run off what its profile declares */

/* The declared rate that the rig means, and the gain that the board's filters have at it; the rig's own and 1
 * where the profile lists none. */
static enum oac_status rate_gain(const struct oac_iio_stream *self, struct oac_iio_line *line,
                                 double rate_hz, double *gain, struct oac_err *err)
{
    const struct oac_board_port *port = line->port;
    const size_t found = oac_board_rate_find(port, rate_hz);
    char known[200] = "";
    line->rate_hz = found < port->rates ? port->rate_hz[found] : rate_hz;
    *gain = found < port->rates ? port->rate_gain[found] : 1.0;
    if (found < port->rates || port->rates == 0)
        return OAC_OK;
    for (size_t i = 0; i < port->rates; i++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%g", i ? ", " : "", port->rate_hz[i]);
    }
    return oac_fail(err, OAC_EMISMATCH,
                    "rig %s wants %g samples a second of port %s; board %s has %s: change "
                    "slot_rate_hz or samples_per_slot",
                    self->rig.name, rate_hz, port->name,
                    oac_iio_profile(self, line->board)->name, known);
}

struct codec_search {
    const struct oac_board_port *port;
    const char *channel; /* I's or Q's */
    struct oac_codec codec;
    bool found;
};

static void look_at(void *context, const struct oac_iio_channel_info *info)
{
    struct codec_search *search = context;
    const struct oac_board_port *port = search->port;
    if (info->output != port->output || !info->codec.bits ||
        (strcmp(info->device, port->device) != 0 &&
         strcmp(info->device_id, port->device) != 0) ||
        (strcmp(info->channel, search->channel) != 0 &&
         strcmp(info->channel_name, search->channel) != 0))
        return;
    search->codec = info->codec;
    search->found = true;
}

static enum oac_status check_context(const struct oac_iio_stream *self,
                                     struct oac_iio_line *line, const char *channel,
                                     struct oac_err *err)
{
    struct codec_search search = {.port = line->port, .channel = channel};
    if (oac_iio_channels(self->board[line->board].session, look_at, &search, err))
        return err->status;
    if (!search.found)
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s has no sampled channel %s/%s, which port %s of board %s is: run oac "
            "probe",
            oac_iio_uri(self->board[line->board].session), line->port->device, channel,
            line->port->name, oac_iio_profile(self, line->board)->name);
    if (!oac_codec_holds(&search.codec, &line->port->codec))
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s: samples of %s/%s have %u bits in %u, not %u: profile %s does not fit",
            oac_iio_uri(self->board[line->board].session), line->port->device, channel,
            search.codec.bits, search.codec.storage_bits, line->port->codec.bits,
            oac_iio_profile(self, line->board)->name);
    line->codec = line->port->codec;
    if (search.codec.bits == line->codec.bits)
        line->codec.fully_defined = search.codec.fully_defined;
    return OAC_OK;
}

/* A port of the rig's lists: does it suit the rig, and is it free? */
static enum oac_status suits(const struct oac_iio_stream *self, const struct oac_bench_port *at,
                             struct oac_err *err)
{
    char name[OAC_BENCH_PORT_BYTES];
    const struct oac_board_port *port = at->port;
    const char *profile = oac_iio_profile(self, at->board)->name;
    const bool iq = self->rig.subcarrier.carrier_hz > 0.0;
    oac_bench_port_name(&self->boards, at, name);
    if (port->iq != iq)
        return oac_fail(
            err, OAC_EMISMATCH, "rig %s: port %s of board %s %s: %s subcarrier.carrier_hz",
            self->rig.name, name, profile, port->iq ? "carries I and Q" : "is one real voltage",
            port->iq ? "set" : "clear");
    if (port->ac_coupled && self->rig.subcarrier.periods == 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: port %s of board %s is AC-coupled: light of one sign needs a "
                        "subcarrier there, set subcarrier.periods",
                        self->rig.name, name, profile);
    for (size_t i = 0; i < self->lines; i++)
        if (self->line[i].port == port)
            return oac_fail(err, OAC_EMISMATCH, "rig %s gives port %s of board %s two roles",
                            self->rig.name, name, profile);
    return OAC_OK;
}

/* Boards start apart, by another number of scans every time: the client's can be fitted to the weights'
 * (stream_apart.c), unless chips would have to be. */
static enum oac_status drives_together(const struct oac_iio_stream *self,
                                       const struct oac_bench_port *at, bool client,
                                       struct oac_err *err)
{
    const size_t first = self->lines ? self->line[0].board : at->board;
    if (first == at->board || (client && self->rig.subcarrier.periods == 0))
        return OAC_OK;
    return oac_fail(err, OAC_EUNSUPPORTED,
                    "rig %s: outputs on boards %s and %s do not start together, by several "
                    "slots, which mixes up weights and data: put weight_ports%s on "
                    "one board; readout_ports may be on any",
                    self->rig.name, self->boards.board[first].name,
                    self->boards.board[at->board].name,
                    client ? " and client_port, whose light is on a subcarrier," : "");
}

enum oac_status oac_iio_line_bind(struct oac_iio_stream *self, enum oac_role role, size_t k,
                                  struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    const bool output = role != OAC_READOUT;
    const struct oac_rig_dac *dac = role == OAC_CLIENT ? &rig->client_dac : &rig->weight_dac;
    struct oac_iio_line *line = &self->line[self->lines];
    struct oac_port *port = &self->ports[self->lines];
    const enum oac_bench_part part = role == OAC_WEIGHT   ? OAC_BENCH_WEIGHT
                                     : role == OAC_CLIENT ? OAC_BENCH_CLIENT
                                                          : OAC_BENCH_READOUT;
    struct oac_bench_port at;
    double gain;
    if (oac_bench_port_find(rig, &self->boards, part, k, &at, err) || suits(self, &at, err) ||
        (output && drives_together(self, &at, role == OAC_CLIENT, err)))
        return err->status;
    line->board = at.board;
    line->port = at.port;
    line->values = line->port->iq ? 2 : 1;
    line->per_slot =
        line->values * (uint32_t)(output ? dac->samples_per_slot : rig->adc.samples_per_slot);
    *port = (struct oac_port){
        .role = role,
        .channel = k,
        .code_max = (int32_t)(output ? (1 << dac->bits) - 1 : (1 << rig->adc.bits) - 1),
        .v0_v = output ? dac->min_v : oac_adc_min_v(rig),
        .lsb_v = output ? oac_dac_lsb_v(dac) : oac_adc_lsb_v(rig),
        .rate_hz = rig->slot_rate_hz * line->per_slot / line->values,
        .ac_coupled = line->port->ac_coupled,
        .iq = line->port->iq};
    if (check_context(self, line, line->port->channel, err) ||
        (line->port->iq && check_context(self, line, line->port->channel_q, err)) ||
        rate_gain(self, line, port->rate_hz, &gain, err))
        return err->status;
    line->v0_v = gain * line->port->v0_v;
    line->lsb_v = gain * line->port->lsb_v;
    line->scale = line->lsb_v / port->lsb_v;
    line->zero = (line->v0_v - port->v0_v) / port->lsb_v;
    line->codes = (size_t)port->code_max + 1;
    self->lines++;
    if (!output)
        return OAC_OK;
    return oac_iio_map_output(
        self, line, port,
        role == OAC_CLIENT ? &self->nominal->client : &self->nominal->channel[k].weight, err);
}

static enum oac_status set_rate(struct oac_iio_session *session,
                                const struct oac_board_port *port, double rate_hz,
                                struct oac_err *err)
{
    char wanted[40], got[80] = "";
    snprintf(wanted, sizeof wanted, "%.0f", rate_hz);
    if (oac_iio_write(session, port->rate_device, port->rate_channel, port->output,
                      port->rate_attribute, wanted, got, sizeof got, err))
        return err->status;
    const double real_hz = strtod(got, NULL);
    if (fabs(real_hz - rate_hz) <= RATE_NEAR * rate_hz)
        return OAC_OK;
    return oac_fail(
        err, OAC_EDEVICE,
        "%s: %s runs at %s samples a second, not %s: take a rate that the board has",
        oac_iio_uri(session), port->rate_device, got, wanted);
}

enum oac_status oac_iio_lines_rates(struct oac_iio_stream *self, size_t board,
                                    struct oac_err *err)
{
    for (size_t l = 0; l < self->lines; l++) {
        const struct oac_board_port *port = self->line[l].port;
        if (self->line[l].board == board && port->rate_attribute[0] &&
            set_rate(self->board[board].session, port, self->line[l].rate_hz, err))
            return err->status;
    }
    return OAC_OK;
}
