// SPDX-License-Identifier: MIT
//
// The messages of one conversation: bubbles in order of their ids, a line between two days, ticks, and
// the scroll position, which follows new messages only where the reader is at the end already.

import { arrange, el, icon, say } from './dom';
import { dayOf } from './times';

const NEAR_END_PX = 80;
const NEAR_TOP_PX = 120;
const TOGETHER_MS = 5 * 60 * 1000;
const LINK = /(https?:\/\/[^\s<>"']+)/u;
const FEW_EMOJI = /^(?:\p{RI}{2}|\p{Emoji_Presentation}|\p{Extended_Pictographic}|[\p{Emoji_Modifier}\u200d\ufe0f]){1,12}$/u;
const TICK = 'M2.5 12.8l4.2 4.2L15 8';
const SECOND_TICK = 'M11.2 16.1l.9.9L20.5 8';

export class Thread {
    constructor(root, { texts, times, me, onOlder, onRetry }) {
        this.box = root.getElementById('thread');
        this.list = root.getElementById('messages');
        this.older = root.getElementById('older');
        this.jump = root.getElementById('jump');
        this.empty = root.getElementById('empty');
        this.notLoaded = root.getElementById('not-loaded');
        Object.assign(this, { texts, times, me, onOlder, onRetry });
        this.rows = new Map();
        this.atEnd = true;

        this.older.addEventListener('click', () => onOlder());
        this.jump.addEventListener('click', () => this.toEnd(true));
        this.box.addEventListener('scroll', () => this.scrolled());
        new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.box);
    }

    open(conversation, person) {
        this.rows.clear();
        this.list.replaceChildren();
        this.list.setAttribute('aria-label', say(this.texts.messages_with, { name: person.name }));
        this.show(conversation);
        this.toEnd();
    }

    hasMessage(id) {
        return this.list.querySelector(`[data-message-id="${Number(id)}"]`) !== null;
    }

    // A message on its way has been given its id: the same bubble goes on under that name.
    rename(key, id) {
        const row = this.rows.get(key);
        if (row) {
            this.rows.delete(key);
            this.rows.set(`m${id}`, row);
        }
    }

    show(conversation, { arrived = null, older = false } = {}) {
        const distance = this.box.scrollHeight - this.box.scrollTop;
        const follow = this.atEnd || arrived?.sender_id === this.me.id;

        this.box.setAttribute('aria-busy', String(older || conversation.loading));
        arrange(this.list, this.nodes(conversation));
        this.box.setAttribute('aria-busy', 'false');
        this.empty.hidden = !conversation.loaded || conversation.messages.length + conversation.pending.length > 0;
        this.older.hidden = !conversation.loaded || conversation.complete;
        this.older.disabled = conversation.loading;
        this.notLoaded.hidden = !conversation.loadFailed;

        if (older && !follow) {
            this.box.scrollTop = this.box.scrollHeight - distance;
        } else if (follow) {
            this.toEnd();
        } else if (arrived) {
            this.jump.hidden = false;
        }
    }

    nodes({ messages, pending, readUpTo }) {
        const all = [...messages, ...pending];
        const nodes = [];
        const keys = new Set();
        all.forEach((message, index) => {
            const previous = all[index - 1];
            if (!previous || dayOf(previous.created_at) !== dayOf(message.created_at)) {
                const key = `d${dayOf(message.created_at)}`;
                keys.add(key);
                nodes.push(this.dayLine(key, message.created_at));
            }
            keys.add(keyOf(message));
            nodes.push(this.bubble(message, {
                first: !areTogether(previous, message),
                last: !areTogether(message, all[index + 1]),
                read: message.id <= readUpTo,
            }));
        });
        [...this.rows.keys()].filter((key) => !keys.has(key)).forEach((key) => this.rows.delete(key));

        return nodes;
    }

    dayLine(key, iso) {
        const row = this.rows.get(key) ?? { node: el('li', { class: 'day' }, el('span', {})) };
        row.node.firstChild.textContent = this.times.day(iso);
        this.rows.set(key, row);

        return row.node;
    }

    bubble(message, { first, last, read }) {
        const key = keyOf(message);
        const row = this.rows.get(key) ?? this.newBubble(message);
        this.rows.set(key, row);

        const { node, state } = row;
        node.classList.toggle('is-first', first);
        node.classList.toggle('is-last', last);
        if (message.id !== undefined) {
            node.dataset.messageId = message.id;
        }
        if (state) {
            this.showState(row, message, read);
        }

        return node;
    }

    newBubble(message) {
        const own = message.sender_id === this.me.id;
        const state = own ? el('span', { class: 'state' }) : null;
        const time = el('time', { datetime: message.created_at, title: this.times.whole(message.created_at) }, this.times.time(message.created_at));
        const name = own ? null : el('span', { class: 'quiet' }, `${message.sender.name}: `);
        const node = el('li', { class: own ? 'message is-own' : 'message' },
            el('div', { class: isFewEmoji(message.content) ? 'bubble is-emoji' : 'bubble' },
                el('p', { dir: 'auto' }, name, ...withLinks(message.content)),
                el('span', { class: 'meta' }, time, state)));

        return { node, state, shown: null };
    }

    showState(row, message, read) {
        const { failed } = message;
        const sent = message.id !== undefined;
        const shown = sent ? (read ? 'read' : 'sent') : (typeof failed === 'string' ? `failed ${failed}` : 'sending');
        if (row.shown === shown) {
            return;
        }
        row.shown = shown;
        row.node.dataset.state = shown.split(' ')[0];
        row.node.querySelector('.problem')?.remove();
        if (sent) {
            row.state.replaceChildren(
                icon(read ? [TICK, SECOND_TICK] : [TICK], 'ticks'),
                el('span', { class: 'quiet' }, read ? this.texts.seen : this.texts.sent),
            );
        } else {
            row.state.replaceChildren(el('span', { class: 'quiet' }, this.texts.sending));
            if (shown !== 'sending') {
                row.node.append(this.problem(message));
            }
        }
    }

    problem(message) {
        return el('p', { class: 'problem', role: 'alert' },
            message.failed || this.texts.failed, ' ',
            message.final ? null : el('button', { type: 'button', onclick: () => this.onRetry(message) }, this.texts.retry));
    }

    scrolled() {
        this.atEnd = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_END_PX;
        if (this.atEnd) {
            this.jump.hidden = true;
        }
        if (this.box.scrollTop < NEAR_TOP_PX && !this.older.hidden && !this.older.disabled) {
            this.onOlder();
        }
    }

    toEnd(smooth = false) {
        this.atEnd = true;
        this.jump.hidden = true;
        this.box.scrollTo({ top: this.box.scrollHeight, behavior: smooth ? 'smooth' : 'instant' });
    }
}

function keyOf(message) {
    return message.id === undefined ? message.key : `m${message.id}`;
}

function areTogether(one, other) {
    return Boolean(one && other) && one.sender_id === other.sender_id
        && dayOf(one.created_at) === dayOf(other.created_at)
        && new Date(other.created_at) - new Date(one.created_at) < TOGETHER_MS;
}

function isFewEmoji(text) {
    return FEW_EMOJI.test(text.replaceAll(' ', ''));
}

function withLinks(text) {
    return text.split(LINK).map((part, index) => (index % 2 === 0
        ? part
        : el('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part)));
}
