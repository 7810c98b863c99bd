// SPDX-License-Identifier: MIT
//
// The sound of a new message: two short notes, made by the browser, so there is no file to load.
// Browsers allow sound only after the person has touched the page; until then play() does nothing.
// Messages that come together make one sound, not the sum of theirs.

const NOTES = [
    { hertz: 784, at: 0 },
    { hertz: 1175, at: 0.09 },
];
const SECONDS = 0.22;
const LOUDNESS = 0.08;
const STORED_AS = 'chat.muted';

export class Sound {
    constructor() {
        this.muted = window.localStorage.getItem(STORED_AS) === '1';
        this.endsAt = 0;
        const unlock = () => this.unlock();
        window.addEventListener('pointerdown', unlock, { once: true });
        window.addEventListener('keydown', unlock, { once: true });
    }

    unlock() {
        this.context ??= new AudioContext();
        this.context.resume();
    }

    toggle() {
        this.muted = !this.muted;
        window.localStorage.setItem(STORED_AS, this.muted ? '1' : '0');

        return this.muted;
    }

    play() {
        if (this.muted || this.context?.state !== 'running') {
            return;
        }
        if (this.context.currentTime < this.endsAt) {
            return;
        }
        this.endsAt = this.context.currentTime + NOTES.at(-1).at + SECONDS;
        NOTES.forEach((note) => this.note(note));
    }

    note({ hertz, at }) {
        const start = this.context.currentTime + at;
        const oscillator = this.context.createOscillator();
        const gain = this.context.createGain();
        oscillator.frequency.value = hertz;
        gain.gain.setValueAtTime(0, start);
        gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01);
        gain.gain.exponentialRampToValueAtTime(0.0001, start + SECONDS);
        oscillator.connect(gain).connect(this.context.destination);
        oscillator.start(start);
        oscillator.stop(start + SECONDS);
    }
}
