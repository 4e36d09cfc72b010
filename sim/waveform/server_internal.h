/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the server half: server.c makes it, server_filters.c its filters, server_window.c sends light of a window
 * through modulator and laser, server_fiber.c through fiber and amplifiers, server_build.c fills frames,
 * server_scratch.c holds a thread's memory. */
#ifndef OAC_SIM_WAVEFORM_SERVER_INTERNAL_H
#define OAC_SIM_WAVEFORM_SERVER_INTERNAL_H

#include "sim/waveform/drive.h"
#include "sim/waveform/fiber.h"
#include "sim/waveform/field.h"
#include "sim/waveform/filter_bank.h"
#include "sim/waveform/server.h"

struct oac_wave_server_channel {
    struct oac_wave_drive drive; /* s21 belongs to channel 0 */
    struct oac_fiber_line line;
    struct oac_filter_bank *dispersion; /* NULL: none to speak of, or a Kerr fiber's */
    size_t memory;                      /* of dispersion [samples] */
    struct oac_wave_span span;          /* a Kerr fiber's */
    size_t comb_shift;                  /* samples into the hum of a shared laser */
    struct {
        double amplitude, delay_s; /* of a principal state: power splits, delays are +-DGD/2 */
    } state[2];
    /* at the present settings */
    double power_w, bias_v;
    double delay_s; /* walk-off and pre-delay together */
};

struct oac_wave_server {
    struct oac_wave_server_channel *channel; /* (channels) */
    size_t channels;
    bool kerr;
    bool drawn; /* the drive is another one in every window: noise, jitter */
    bool ase;   /* drawn here */
    unsigned ase_polarisations;
    struct oac_filter_bank
        *ase_band; /* limits white noise to the amplifier's filter; NULL: wider than the band */
    double fiber_field;     /* amplitude through all of the fiber */
    double amplifier_field; /* through the chain before the client; 1 without */
    double lumped_field;    /* a Kerr span's share of the attenuator */
    double rin_sigma;       /* relative power per sample; 0: off */
    double turn_sigma;      /* phase step per sample [turns]; 0: off */
    size_t comb_span;       /* samples between the first line to arrive and the last */
};

/* The server's banks of filters: dispersion of every channel and the amplifier's band, and the memory of the
 * former. Those of a failed call are destroyed with the server. */
enum oac_status oac_wave_server_filters_create(const struct oac_waveform *self,
                                               struct oac_wave_server *server,
                                               struct oac_err *err) OAC_MUST_USE;
void oac_wave_server_filters_destroy(struct oac_wave_server *server);

struct oac_wave_server_scratch {
    size_t slots;  /* room */
    size_t fitted; /* slots of the segment whose filters these are; 0: none */
    const struct oac_filter **dispersion; /* (channels); NULL: none */
    const struct oac_filter *ase_band;
    float *volts, *work;   /* (samples + 2) */
    float *noise, *jitter; /* (DAC samples) */
    float *hum, *turns;    /* (samples + comb_span) */
    float *ase;            /* (stages drawn apart * 2 * samples) */
    double *kerr;          /* (2 * samples); NULL: linear fiber */
    struct oac_wave_span_work *span;
    struct oac_filter_scratch *filter;
};

/* The fields of one channel; window NULL: without noise, launch 1. frame->volts holds the drive of every channel
 * without noise. */
void oac_wave_server_light(const struct oac_waveform *self, const struct oac_wave_frame *frame,
                           const struct oac_wave_window *window, size_t channel,
                           struct oac_wave_server_scratch *scratch, float *field);

struct oac_wave_server_run { /* one channel of one window */
    const struct oac_waveform *self;
    const struct oac_wave_server *server;
    const struct oac_wave_server_channel *part;
    const struct oac_wave_frame *frame;
    const struct oac_wave_window *window; /* NULL: no noise, launch 1 */
    const struct oac_field_kernel *kernel;
    struct oac_wave_server_scratch *scratch;
    size_t channel, n;
    float *field; /* (lanes, 2 n) */
};

/* Shows a point of the window to the tap, or all its lanes. */
void oac_wave_server_show(const struct oac_wave_server_run *run, const char *name,
                          const char *unit, unsigned lane, bool complex_values,
                          const float *value);
void oac_wave_server_show_lanes(const struct oac_wave_server_run *run, const char *name);

/* Through fiber and amplifiers, ASE included: by filters, or span by span. */
void oac_wave_server_linear(const struct oac_wave_server_run *run);
void oac_wave_server_kerr(const struct oac_wave_server_run *run);
/* The chain's ASE at its end, on every lane that has it. */
void oac_wave_server_ase(const struct oac_wave_server_run *run);

#endif
