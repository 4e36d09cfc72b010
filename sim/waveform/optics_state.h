/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the optics: what sim/waveform/{optics,optics_window,contraction}.c share. */
#ifndef OAC_SIM_WAVEFORM_OPTICS_STATE_H
#define OAC_SIM_WAVEFORM_OPTICS_STATE_H

#include "sim/waveform/ase.h"
#include "sim/waveform/client.h"
#include "sim/waveform/filter_bank.h"
#include "sim/waveform/optics.h"

struct oac_wave_optics {
    struct oac_wave_client client;
    struct oac_wave_ase ase;
    double gain; /* of an amplifier after the client; 1 otherwise */
    bool crosstalk;
    /* (channels, channels) watts at detector k, counted in photons of its own wavelength, per watt of source j
     * at the demultiplexer; and the same in single precision, for the product over all samples. */
    double *mix;
    float *mix_f;
    struct oac_filter_bank *passband; /* NULL: all alike */
    size_t passband_memory;           /* samples */
};

struct oac_wave_optics_scratch {
    size_t slots, samples; /* room; samples a multiple of OAC_KERNEL_PAD */
    struct oac_wave_client_scratch client;
    size_t fitted; /* slots of the segment whose passband this is; 0: none */
    const struct oac_filter *passband;
    struct oac_filter_scratch *filter; /* passband and ASE band; NULL: neither */
    float *memory;
    float *volts;        /* (samples) */
    float *client_field; /* (2 samples) */
    float *t;            /* (samples) the client's power transmission */
    float *ones;         /* (samples) */
    float *field;        /* (lanes, 2 samples) of one channel */
    float *other;        /* (2 samples) a polarisation without signal */
    float
        *source; /* (outputs, channels, samples) [W] at the demultiplexer; NULL: no crosstalk */
    float *z;    /* normals of one channel */
};

#endif
