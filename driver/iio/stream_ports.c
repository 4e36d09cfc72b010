/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds the roles of a rig to the ports of a board. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/stream_state.h"
#include "sim/components/adc.h"
#include "sim/components/dac.h"
#include "sim/panel.h"

#define RATE_NEAR       1e-4 /* relative: a sample in ten thousand is a slot in a window of 800 */
#define DELAY_SLOTS_MAX 4u
#define TRAIN_BYTES     ((size_t)8 << 20) /* of an output's buffer */
#define PREAMBLE_SLOTS  512u              /* room for what modems send, guards not counted */

/* The n-th name of a list with commas between them; false when there are fewer. */
static bool name_at(const char *list, size_t n, char name[OAC_BOARD_NAME_BYTES])
{
    for (; n > 0 && list; n--) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    if (!list)
        return false;
    list += strspn(list, " ");
    const size_t length = strcspn(list, ", ");
    if (length == 0 || length >= OAC_BOARD_NAME_BYTES)
        return false;
    memcpy(name, list, length);
    name[length] = '\0';
    return true;
}

static enum oac_status find_port(const struct oac_iio_stream *self, const char *key,
                                 const char *list, size_t n, bool output,
                                 const struct oac_board_port **found, struct oac_err *err)
{
    char name[OAC_BOARD_NAME_BYTES];
    if (!name_at(list, n, name))
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: iio.%s is '%s', which names no port for channel %zu: give one "
                        "port of board %s for each of %zu channels",
                        self->rig.name, key, list, n, self->board.name, self->channels);
    if (strchr(name, '/'))
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "rig %s: iio.%s names '%s', a port of a board of its own: all ports of a "
            "bench must be on one board, name them without '/'",
            self->rig.name, key, name);
    const struct oac_board_port *port = oac_board_port_find(&self->board, name);
    if (!port || port->output != output)
        return oac_fail(err, OAC_ENOTFOUND,
                        "rig %s: iio.%s names '%s', which is no %s of board %s", self->rig.name,
                        key, name, output ? "output" : "input", self->board.name);
    const bool iq = self->rig.subcarrier.carrier_hz > 0.0;
    if (port->iq != iq)
        return oac_fail(
            err, OAC_EMISMATCH, "rig %s: port %s of board %s %s: %s subcarrier.carrier_hz",
            self->rig.name, name, self->board.name,
            port->iq ? "carries I and Q" : "is one real voltage", port->iq ? "set" : "clear");
    if (port->ac_coupled && self->rig.subcarrier.periods == 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: port %s of board %s is AC-coupled: light of one sign needs a "
                        "subcarrier there, set subcarrier.periods",
                        self->rig.name, name, self->board.name);
    for (size_t i = 0; i < self->lines; i++)
        if (self->line[i].port == port)
            return oac_fail(err, OAC_EMISMATCH, "rig %s gives port %s of board %s two roles",
                            self->rig.name, name, self->board.name);
    *found = port;
    return OAC_OK;
}

/* The gain that the board's filters have at a rate; 1 where the profile lists none. */
static enum oac_status rate_gain(const struct oac_iio_stream *self,
                                 const struct oac_board_port *port, double rate_hz,
                                 double *gain, struct oac_err *err)
{
    char known[200] = "";
    *gain = 1.0;
    for (size_t i = 0; i < port->rates; i++) {
        if (fabs(port->rate_hz[i] - rate_hz) <= RATE_NEAR * rate_hz) {
            *gain = port->rate_gain[i];
            return OAC_OK;
        }
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%g", i ? ", " : "", port->rate_hz[i]);
    }
    if (port->rates == 0)
        return OAC_OK;
    return oac_fail(err, OAC_EMISMATCH,
                    "rig %s wants %g samples a second of port %s; board %s has %s: change "
                    "slot_rate_hz or samples_per_slot",
                    self->rig.name, rate_hz, port->name, self->board.name, known);
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
    if (oac_iio_channels(self->session, look_at, &search, err))
        return err->status;
    if (!search.found)
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s has no sampled channel %s/%s, which port %s of board %s is: run oac "
            "probe",
            oac_iio_uri(self->session), line->port->device, channel, line->port->name,
            self->board.name);
    if (!oac_codec_holds(&search.codec, &line->port->codec))
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s: samples of %s/%s have %u bits in %u, not %u: profile %s does not fit",
            oac_iio_uri(self->session), line->port->device, channel, search.codec.bits,
            search.codec.storage_bits, line->port->codec.bits, self->board.name);
    line->codec = line->port->codec;
    if (search.codec.bits == line->codec.bits)
        line->codec.fully_defined = search.codec.fully_defined;
    return OAC_OK;
}

static enum oac_status bind_line(struct oac_iio_stream *self, enum oac_role role, size_t k,
                                 struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    const bool output = role != OAC_READOUT;
    const char *key = role == OAC_WEIGHT   ? "weight_ports"
                      : role == OAC_CLIENT ? "client_port"
                                           : "readout_ports";
    const char *list = role == OAC_WEIGHT   ? rig->iio.weight_ports
                       : role == OAC_CLIENT ? rig->iio.client_port
                                            : rig->iio.readout_ports;
    const struct oac_rig_dac *dac = role == OAC_CLIENT ? &rig->client_dac : &rig->weight_dac;
    struct oac_iio_line *line = &self->line[self->lines];
    struct oac_port *port = &self->ports[self->lines];
    double gain;
    if (find_port(self, key, list, k, output, &line->port, err))
        return err->status;
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
        rate_gain(self, line->port, port->rate_hz, &gain, err))
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

/* Lines of one device and direction share its buffer. */
static enum oac_status group(struct oac_iio_stream *self, size_t l, struct oac_err *err)
{
    const struct oac_iio_line *line = &self->line[l];
    const bool output = line->port->output;
    struct oac_iio_converter *list = output ? self->output : self->input;
    size_t *count = output ? &self->outputs : &self->inputs, i = 0;
    while (i < *count && strcmp(list[i].device, line->port->device) != 0)
        i++;
    if (i == *count)
        list[(*count)++] = (struct oac_iio_converter){
            .device = line->port->device, .per_slot = line->per_slot / line->values};
    if (list[i].per_slot != line->per_slot / line->values)
        return oac_fail(err, OAC_EMISMATCH,
                        "rig %s: device %s plays %u samples a slot for one role and %u for "
                        "another: give weights and client the same number",
                        self->rig.name, list[i].device, list[i].per_slot,
                        line->per_slot / line->values);
    list[i].line[list[i].lines++] = l;
    return OAC_OK;
}

size_t oac_iio_channel_names(const struct oac_iio_stream *self,
                             const struct oac_iio_converter *converter,
                             const char *name[OAC_IIO_CHANNELS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < converter->lines; i++) {
        const struct oac_board_port *port = self->line[converter->line[i]].port;
        name[count++] = port->channel;
        if (port->iq)
            name[count++] = port->channel_q;
    }
    return count;
}

/* Gains that every readout's port takes; none (max < min) when one has none. */
static struct oac_range common_gain(const struct oac_iio_stream *self)
{
    struct oac_range range = {.min = -INFINITY, .max = INFINITY};
    for (size_t k = 0; k < self->channels; k++) {
        const struct oac_board_port *port = self->line[self->channels + 1 + k].port;
        if (!port->gain_attribute[0])
            return (struct oac_range){.min = 1.0, .max = 0.0};
        range.min = fmax(range.min, port->gain_min);
        range.max = fmin(range.max, port->gain_max);
    }
    return range;
}

static void make_caps(struct oac_iio_stream *self, const uint8_t rig_hash[32])
{
    const struct oac_rig *rig = &self->rig;
    struct oac_stream_caps *caps = &self->caps;
    caps->link = (struct oac_link_caps){
        .device_id = self->device_id,
        .firmware = self->firmware,
        .channels = self->channels,
        .slots_max = (size_t)rig->slots_max,
        .slot_s = 1.0 / rig->slot_rate_hz,
        .guard_slots = (uint32_t)rig->guard_slots,
        .preamble_slots = (uint32_t)rig->preamble_slots,
        .receiver = OAC_SAMPLED,
        .conversions_per_readout = 1,
        .launch_max = 1.0,
        .frequency_hz = rig->laser.center_hz,
        .quantum_efficiency = rig->detector.quantum_efficiency,
        .weight = self->ports,
        .client = self->ports + self->channels,
        .readout = self->ports + self->channels + 1,
        .nominal = self->nominal,
    };
    memcpy(caps->link.rig_hash, rig_hash, sizeof caps->link.rig_hash);
    for (size_t s = 0; s < OAC_SETTINGS; s++) /* lasers and biases are set by hand */
        caps->link.settings[s] = (struct oac_range){.min = 1.0, .max = 0.0};
    caps->link.settings[OAC_RX_GAIN] = common_gain(self);
    caps->weight_samples_per_slot = (uint32_t)rig->weight_dac.samples_per_slot;
    caps->client_samples_per_slot = (uint32_t)rig->client_dac.samples_per_slot;
    caps->readout_samples_per_slot = (uint32_t)rig->adc.samples_per_slot;
    if (rig->subcarrier.carrier_hz > 0.0) { /* I and Q */
        caps->weight_samples_per_slot *= 2;
        caps->client_samples_per_slot *= 2;
        caps->readout_samples_per_slot *= 2;
    }
    caps->subcarrier_periods = (uint32_t)rig->subcarrier.periods;
    caps->memory_slots = rig->guard_slots > 1 ? (uint32_t)rig->guard_slots : 1;
    caps->delay_slots_max = DELAY_SLOTS_MAX;
    const size_t payload =
        rig->slots_max > PREAMBLE_SLOTS ? (size_t)rig->slots_max : PREAMBLE_SLOTS;
    caps->segment_slots_max = payload + 2 * ((size_t)caps->memory_slots + DELAY_SLOTS_MAX);
    const size_t wide = caps->weight_samples_per_slot > caps->client_samples_per_slot
                            ? caps->weight_samples_per_slot
                            : caps->client_samples_per_slot;
    const size_t slot_bytes = wide * 4 * (self->channels + 1);
    const size_t segments = TRAIN_BYTES / (slot_bytes * caps->segment_slots_max);
    caps->segments_max = segments > 8 ? segments : 8;
    caps->segments_apart = false;
    caps->delay_stable = false;
}

enum oac_status oac_iio_ports_bind(struct oac_iio_stream *self, const uint8_t rig_hash[32],
                                   struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    const size_t channels = self->channels = (size_t)rig->channels;
    if (rig->receiver.kind != OAC_RECEIVER_TIA)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "rig %s: a receiver with a gate needs an output that switches it; IIO "
                        "boards sample: set receiver.kind to tia",
                        rig->name);
    if (2 * channels + 1 > OAC_BOARD_PORTS_MAX)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "rig %s has %zu channels: one board of %u ports takes up to %u",
                        rig->name, channels, OAC_BOARD_PORTS_MAX, OAC_BOARD_PORTS_MAX / 2 - 1);
    self->line = oac_alloc(2 * channels + 1, sizeof *self->line, "ports", err);
    if (!self->line)
        return err->status;
    self->ports = oac_alloc(2 * channels + 1, sizeof *self->ports, "ports", err);
    if (!self->ports || oac_nominal_calrec(rig, rig->name, rig_hash, &self->nominal, err))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        if (bind_line(self, OAC_WEIGHT, k, err))
            return err->status;
    if (bind_line(self, OAC_CLIENT, 0, err))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        if (bind_line(self, OAC_READOUT, k, err))
            return err->status;
    for (size_t l = 0; l < self->lines; l++)
        if (group(self, l, err))
            return err->status;
    make_caps(self, rig_hash);
    return OAC_OK;
}

static enum oac_status set_rate(struct oac_iio_stream *self, const struct oac_board_port *port,
                                double rate_hz, struct oac_err *err)
{
    char wanted[40], got[80] = "";
    snprintf(wanted, sizeof wanted, "%.0f", rate_hz);
    if (oac_iio_write(self->session, port->rate_device, port->rate_channel, port->output,
                      port->rate_attribute, wanted, got, sizeof got, err))
        return err->status;
    const double real_hz = strtod(got, NULL);
    if (fabs(real_hz - rate_hz) <= RATE_NEAR * rate_hz)
        return OAC_OK;
    return oac_fail(
        err, OAC_EDEVICE,
        "%s: %s runs at %s samples a second, not %s: take a rate that the board has",
        oac_iio_uri(self->session), port->rate_device, got, wanted);
}

enum oac_status oac_iio_ports_rates(struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t l = 0; l < self->lines; l++) {
        const struct oac_board_port *port = self->line[l].port;
        if (port->rate_attribute[0] && set_rate(self, port, self->ports[l].rate_hz, err))
            return err->status;
    }
    return OAC_OK;
}
