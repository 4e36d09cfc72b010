/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds the roles of a rig to the ports of its boards. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/stream_state.h"
#include "sim/panel.h"

#define DELAY_SLOTS_MAX 4u
#define CLOCK_DRIFT     1e-4              /* two crystals of 50 ppm */
#define SAME_PACE       1e-6              /* a hundredth of a slot in a burst of 10,000 */
#define TRAIN_BYTES     ((size_t)8 << 20) /* of an output's buffer */
#define PREAMBLE_SLOTS  512u              /* room for what modems send, guards not counted */

/* Lines of one device and direction share its buffer. */
static enum oac_status group(struct oac_iio_stream *self, size_t l, struct oac_err *err)
{
    const struct oac_iio_line *line = &self->line[l];
    const bool output = line->port->output;
    struct oac_iio_converter *list = output ? self->output : self->input;
    size_t *count = output ? &self->outputs : &self->inputs, i = 0;
    while (i < *count &&
           (list[i].board != line->board || strcmp(list[i].device, line->port->device) != 0))
        i++;
    if (i == *count)
        list[(*count)++] =
            (struct oac_iio_converter){.board = line->board,
                                       .device = line->port->device,
                                       .per_slot = line->per_slot / line->values};
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

/* What a port runs at over what the rig wants of it. */
static double pace(const struct oac_iio_stream *self, size_t l)
{
    return self->line[l].rate_hz / self->ports[l].rate_hz;
}

/* By how much an input's clock may be off the drives': what the declared rates say, and crystals. */
static double clock_drift(const struct oac_iio_stream *self,
                          const struct oac_iio_converter *input)
{
    const double declared = fabs(pace(self, input->line[0]) / pace(self, 0) - 1.0);
    return (declared > SAME_PACE ? declared : 0.0) +
           (input->board != self->output[0].board ? CLOCK_DRIFT : 0.0);
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
    for (size_t i = 0; i < self->inputs; i++)
        caps->clock_drift = fmax(caps->clock_drift, clock_drift(self, &self->input[i]));
    caps->drives_apart = self->apart.needed;
    if (self->apart.needed) /* the client's clock bounds bursts, too */
        caps->clock_drift = fmax(caps->clock_drift, CLOCK_DRIFT);
}

/* Drives of one board share a pace, and light on a subcarrier needs the rig's everywhere. */
static enum oac_status check_paces(const struct oac_iio_stream *self, struct oac_err *err)
{
    char name[OAC_BENCH_PORT_BYTES];
    for (size_t l = 0; l < self->lines; l++) {
        const bool apart = fabs(pace(self, l) / pace(self, 0) - 1.0) > SAME_PACE;
        const bool may = l > self->channels || self->line[l].board != self->line[0].board;
        if (!apart || (may && self->rig.subcarrier.periods == 0))
            continue;
        const struct oac_bench_port at = {self->line[l].board, self->line[l].port};
        const uint32_t samples = self->line[l].per_slot / self->line[l].values;
        return oac_fail(
            err, OAC_EMISMATCH,
            "rig %s: port %s runs at %.10g samples a second, %.10g a slot of %s's, not "
            "%u: only readouts, and a client on another board, may differ, without a "
            "subcarrier",
            self->rig.name, oac_bench_port_name(&self->boards, &at, name),
            self->line[l].rate_hz, samples * pace(self, l) / pace(self, 0),
            self->line[0].port->name, samples);
    }
    return OAC_OK;
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
                        "rig %s has %zu channels: a bench of %u ports takes up to %u",
                        rig->name, channels, OAC_BOARD_PORTS_MAX, OAC_BOARD_PORTS_MAX / 2 - 1);
    self->line = oac_alloc(2 * channels + 1, sizeof *self->line, "ports", err);
    if (!self->line)
        return err->status;
    self->ports = oac_alloc(2 * channels + 1, sizeof *self->ports, "ports", err);
    if (!self->ports || oac_nominal_calrec(rig, rig->name, rig_hash, &self->nominal, err))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        if (oac_iio_line_bind(self, OAC_WEIGHT, k, err))
            return err->status;
    if (oac_iio_line_bind(self, OAC_CLIENT, 0, err))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        if (oac_iio_line_bind(self, OAC_READOUT, k, err))
            return err->status;
    for (size_t l = 0; l < self->lines; l++)
        if (group(self, l, err))
            return err->status;
    if (check_paces(self, err) || oac_iio_apart_make(self, err))
        return err->status;
    make_caps(self, rig_hash);
    return OAC_OK;
}
