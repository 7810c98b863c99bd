// SPDX-License-Identifier: MIT
//
// The chat without its looks: sends, receives, marks as read, and keeps the page complete while the
// socket comes and goes. What is shown is the view's business (chat/view.js).
//
// Complete means: `cursor` is the last message up to which nothing is missing. While the socket is live
// each message moves it. While the socket is away only polling does, and what the socket brings between
// its return and the one fetch that catches up is shown, but moves the cursor only after that fetch.
// A message that comes twice is known by its id and ignored.

const POLL_EVERY_MS = 5000;
const READ_AFTER_MS = 1000;
const TYPING_EVERY_MS = 2000;
const TYPING_SHOWN_MS = 4000;
const BANNER_AFTER_MS = 1500;

// Two messages sent at the same moment may be published in the other order, so a fetch begins this many
// ids before the cursor.
const OVERLAP = 20;
const SEEN_MAX = 2000;

const LOGGED_OUT = [401, 419];

// 128 bits in hexadecimal. crypto.randomUUID() is for https and localhost only.
function randomId() {
    return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, '0')).join('');
}

export class MessagingSystem {
    constructor({ echo, http, view, sound, state }) {
        this.echo = echo;
        this.http = http;
        this.view = view;
        this.sound = sound;
        this.me = state.me;
        this.pageSize = state.pageSize;
        this.people = new Map(state.people.map((person) => [person.id, person]));
        this.conversations = new Map();
        this.open = null;

        this.floor = state.lastId;
        this.cursor = state.lastId;
        this.lastFromSocket = state.lastId;
        this.seen = new Set();
        this.sending = new Set();
        this.lastSent = Promise.resolve();
        this.fetching = null;
        this.subscriptions = 0;
        this.subscription = 0;
        this.away = true;
        this.pendingCount = 0;
        this.whisperedAt = 0;
        this.initial = state;
    }

    start() {
        this.view.connect(this);
        this.initWebSocket();
        this.setupConversationPolling();
        if (this.initial.open !== null) {
            this.keep(this.initial.open, this.initial.messages, { page: true });
            this.openConversation(this.initial.open, { push: false });
        } else {
            this.view.showNothing();
        }
        document.addEventListener('visibilitychange', () => this.readSoon());
        window.addEventListener('popstate', (event) => this.openConversation(event.state?.open ?? null, { push: false }));
        window.history.replaceState({ open: this.open }, '');
        this.refresh();
    }

    // ----- live connection

    initWebSocket() {
        this.pusher = this.echo.connector.pusher;
        this.pusher.connection.bind('state_change', ({ current }) => {
            if (current !== 'connected') {
                this.goAway();
            }
        });

        this.echo.private(`conversation.${this.me.id}`)
            .listen('MessageSent', (message) => this.handleNewMessage(message, { live: true }))
            .listen('MessageRead', (event) => this.handleMessageRead(event))
            .subscribed(() => this.comeBack());

        this.echo.join('online')
            .here((profiles) => this.setOnline(profiles))
            .joining((profile) => this.setOnline([profile], { only: false }))
            .leaving((profile) => this.setOffline(profile));
    }

    goAway() {
        this.subscription = 0;
        this.people.forEach((person) => {
            person.online = null;
            person.typing = false;
        });
        if (!this.away) {
            this.away = true;
            this.setupConversationPolling();
        }
        this.refresh();
    }

    // The channel is subscribed: from here on the socket brings everything. What came before is fetched once.
    comeBack() {
        this.subscription = ++this.subscriptions;
        this.fetchAgain();
    }

    live() {
        this.away = false;
        this.cursor = Math.max(this.cursor, this.lastFromSocket);
        clearInterval(this.pollTimer);
        clearTimeout(this.bannerTimer);
        this.view.showAway(false);
        this.readSoon();
    }

    // ----- polling, only while the socket is away

    setupConversationPolling() {
        clearInterval(this.pollTimer);
        clearTimeout(this.bannerTimer);
        this.pollTimer = setInterval(() => this.poll(), POLL_EVERY_MS);
        this.bannerTimer = setTimeout(() => this.view.showAway(true), BANNER_AFTER_MS);
    }

    poll() {
        this.reviveSocket();
        if (!this.fetching) {
            this.fetchNew();
        }
    }

    // pusher-js tries again by itself, but after a while only once a minute.
    reviveSocket() {
        const { state } = this.pusher.connection;
        if (state === 'unavailable') {
            this.pusher.disconnect();
            this.pusher.connect();
        } else if (state === 'connected') {
            this.pusher.allChannels().filter((channel) => !channel.subscribed)
                .forEach((channel) => this.pusher.subscribe(channel.name));
        }
    }

    // A fetch that is under way began before the subscription: wait for it, then fetch once more.
    async fetchAgain() {
        const { subscription } = this;
        while (this.fetching) {
            await this.fetching;
        }
        if (this.away && this.subscription === subscription) {
            this.fetchNew();
        }
    }

    fetchNew() {
        const { subscription } = this;
        this.fetching = this.fetchPages()
            .then(() => {
                if (subscription !== 0 && subscription === this.subscription) {
                    this.live();
                }
            })
            .catch((error) => this.failed(error))
            .finally(() => {
                this.fetching = null;
            });

        return this.fetching;
    }

    async fetchPages() {
        let after = Math.max(this.floor, this.cursor - OVERLAP);
        let answer;
        do {
            answer = (await this.http.get('/messages', { params: { after } })).data;
            answer.messages.forEach((message) => this.handleNewMessage(message));
            after = answer.messages.at(-1)?.id ?? after;
            this.cursor = Math.max(this.cursor, after);
        } while (answer.more);

        Object.entries(answer.read).forEach(([id, upTo]) => this.readByOther(Number(id), upTo));
        // The answer knows nothing of what the socket brought meanwhile.
        this.people.forEach((person) => {
            person.unread = (answer.unread[person.id] ?? 0) + this.receivedAfter(this.cursor, person.id);
        });
        this.refresh();
        this.readSoon();
    }

    receivedAfter(after, id) {
        return this.conversation(id).messages.filter((message) => message.sender_id === id && message.id > after).length;
    }

    // ----- messages

    handleNewMessage(message, { live = false } = {}) {
        if (live) {
            this.lastFromSocket = Math.max(this.lastFromSocket, message.id);
            if (!this.away) {
                this.cursor = this.lastFromSocket;
            }
        }
        const own = message.sender_id === this.me.id;
        if (own && this.sending.size > 0) {
            // It may be the one that is being sent: the answer to that tells its id.
            Promise.allSettled(this.sending).then(() => this.handleNewMessage(message));
            return;
        }
        if (this.seen.has(message.id) || this.view.hasMessage(message.id)) {
            return;
        }

        const person = this.personOf(message);
        if (!person) {
            return; // Written in another tab to somebody who came after this page: the next load shows both.
        }
        this.keep(person.id, [message]);
        if (!own) {
            person.unread += 1;
            person.typing = false;
            this.sound.play();
        }
        if (person.id === this.open) {
            this.view.showMessages(this.conversation(person.id), { arrived: message });
            this.readSoon();
        }
        this.refresh();
    }

    handleMessageRead(event) {
        if (event.sender_id === this.me.id) {
            this.readByOther(event.receiver_id, event.message_id);
        } else {
            // Read in another tab of ours.
            const person = this.people.get(event.sender_id);
            if (person && event.message_id >= this.lastReceivedFrom(person.id)) {
                person.unread = 0;
            }
        }
        this.refresh();
    }

    readByOther(id, upTo) {
        const conversation = this.conversation(id);
        if (upTo > conversation.readUpTo) {
            conversation.readUpTo = upTo;
            if (id === this.open) {
                this.view.showMessages(conversation);
            }
        }
    }

    async sendMessage(content) {
        const conversation = this.conversation(this.open);
        const pending = {
            key: `p${++this.pendingCount}`, clientId: randomId(), content, sender_id: this.me.id, created_at: new Date().toISOString(),
        };
        conversation.pending.push(pending);
        this.whisperTyping(false);
        await this.deliver(conversation, pending);
    }

    async deliver(conversation, pending) {
        pending.failed = null;
        this.showIfOpen(conversation, { arrived: pending });

        // One after the other: of two at once the server may store the second first.
        const request = this.lastSent.then(() => this.http.post('/messages', {
            receiver_id: conversation.id, content: pending.content, client_id: pending.clientId,
        }));
        this.lastSent = request.catch(() => {});
        this.sending.add(request);
        try {
            const message = (await request).data;
            conversation.pending = conversation.pending.filter((other) => other !== pending);
            this.view.rename(pending.key, message.id);
            this.keep(conversation.id, [message]);
        } catch (error) {
            const refused = error.response?.status === 422;
            pending.failed = refused ? error.response.data.message : '';
            pending.final = refused;
            this.failed(error);
        }
        this.sending.delete(request);
        this.showIfOpen(conversation);
        this.refresh();
    }

    retry(pending) {
        const conversation = this.conversation(this.open);
        if (conversation.pending.includes(pending)) {
            this.deliver(conversation, pending);
        }
    }

    // ----- reading

    // What is on the screen of somebody who looks at it for a second is read.
    readSoon() {
        clearTimeout(this.readTimer);
        if (this.isLookedAt()) {
            this.readTimer = setTimeout(() => this.isLookedAt() && this.markAsRead(this.open), READ_AFTER_MS);
        }
    }

    isLookedAt() {
        return document.visibilityState === 'visible' && this.people.get(this.open)?.unread > 0;
    }

    async markAsRead(id) {
        const person = this.people.get(id);
        const last = this.lastReceivedFrom(id);
        const before = person.unread;
        if (last === 0) {
            return;
        }
        try {
            await this.http.post(`/messages/${last}/read`);
            person.unread = Math.max(0, person.unread - before);
            this.refresh();
            this.readSoon();
        } catch (error) {
            this.failed(error);
        }
    }

    lastReceivedFrom(id) {
        return this.conversation(id).messages.filter((message) => message.sender_id === id).at(-1)?.id
            ?? (this.people.get(id).last?.sender_id === id ? this.people.get(id).last.id : 0);
    }

    // ----- conversations

    async openConversation(id, { push = true } = {}) {
        if (id !== null && !this.people.has(id)) {
            return;
        }
        this.leaveConversation();
        this.open = id;
        if (push) {
            window.history.pushState({ open: id }, '', id === null ? '/chat' : `/chat/${id}`);
        }
        if (id === null) {
            this.view.showNothing();
            this.refresh();
            return;
        }
        const conversation = this.conversation(id);
        this.view.showConversation(this.people.get(id), conversation);
        this.refresh();
        this.listenForTyping(id);
        if (!conversation.loaded) {
            await this.loadOlder(id);
        }
        this.readSoon();
    }

    leaveConversation() {
        if (this.open === null) {
            return;
        }
        this.whisperTyping(false);
        this.echo.leave(this.pair(this.open));
        this.typingChannel = null;
        this.people.get(this.open).typing = false;
        const conversation = this.conversation(this.open);
        if (conversation.messages.length > this.pageSize) {
            conversation.messages = conversation.messages.slice(-this.pageSize);
            conversation.complete = false;
        }
    }

    async loadOlder(id) {
        const conversation = this.conversation(id);
        if (conversation.loading || conversation.complete) {
            return;
        }
        conversation.loading = true;
        conversation.loadFailed = false;
        this.showIfOpen(conversation);
        try {
            const before = conversation.loaded ? conversation.messages[0]?.id : undefined;
            const { messages } = (await this.http.get(`/messages/with/${id}`, { params: { before } })).data;
            // Cut off meanwhile (leaveConversation), the thread no longer begins where this page ends.
            if (before === undefined || before === conversation.messages[0]?.id) {
                this.keep(id, messages, { page: true });
            }
        } catch (error) {
            conversation.loadFailed = true;
            this.failed(error);
        }
        conversation.loading = false;
        this.showIfOpen(conversation, { older: true });
        this.readSoon();
    }

    conversation(id) {
        if (!this.conversations.has(id)) {
            this.conversations.set(id, {
                id, messages: [], pending: [], readUpTo: 0, loaded: false, complete: false, loading: false, loadFailed: false,
            });
        }

        return this.conversations.get(id);
    }

    // Adds messages to a conversation, each once, in order of their ids.
    keep(id, messages, { page = false } = {}) {
        const conversation = this.conversation(id);
        const known = new Map(conversation.messages.map((message) => [message.id, message]));
        messages.forEach((message) => {
            this.remember(message.id);
            known.set(message.id, message);
            if (message.read && message.sender_id === this.me.id) {
                conversation.readUpTo = Math.max(conversation.readUpTo, message.id);
            }
            const person = this.people.get(id);
            if (!person.last || message.id > person.last.id) {
                person.last = message;
            }
        });
        conversation.messages = [...known.values()].sort((one, other) => one.id - other.id);
        if (page) {
            conversation.loaded = true;
            conversation.complete = messages.length < this.pageSize;
        }
    }

    remember(id) {
        this.seen.add(id);
        if (this.seen.size > SEEN_MAX) {
            this.seen.delete(this.seen.values().next().value);
        }
    }

    personOf(message) {
        const own = message.sender_id === this.me.id;
        const id = own ? message.receiver_id : message.sender_id;

        return own ? this.people.get(id) : this.ensurePerson(message.sender);
    }

    ensurePerson(profile) {
        if (!this.people.has(profile.id)) {
            this.people.set(profile.id, { ...profile, last: null, unread: 0 });
        }

        return this.people.get(profile.id);
    }

    // ----- presence and typing

    setOnline(profiles, { only = true } = {}) {
        if (only) {
            this.people.forEach((person) => {
                person.online = false;
            });
        }
        profiles.filter(({ id }) => id !== this.me.id).forEach((profile) => {
            this.ensurePerson(profile).online = true;
        });
        this.refresh();
    }

    setOffline(profile) {
        const person = this.people.get(profile.id);
        if (person) {
            person.online = false;
            person.typing = false;
            this.refresh();
        }
    }

    pair(id) {
        return `chat.${Math.min(id, this.me.id)}.${Math.max(id, this.me.id)}`;
    }

    listenForTyping(id) {
        const person = this.people.get(id);
        this.typingChannel = this.echo.private(this.pair(id));
        this.typingChannel.listenForWhisper('typing', ({ typing }) => {
            clearTimeout(person.typingTimer);
            person.typing = typing === true;
            person.typingTimer = setTimeout(() => {
                person.typing = false;
                this.refresh();
            }, TYPING_SHOWN_MS);
            this.refresh();
        });
    }

    whisperTyping(typing) {
        const now = Date.now();
        const due = typing ? now - this.whisperedAt >= TYPING_EVERY_MS : this.whisperedAt > 0;
        if (due && this.typingChannel?.subscription.subscribed) {
            this.typingChannel.whisper('typing', { typing });
            this.whisperedAt = typing ? now : 0;
        }
    }

    // ----- the rest

    showIfOpen(conversation, how) {
        if (conversation.id === this.open) {
            this.view.showMessages(conversation, how);
        }
    }

    refresh() {
        this.view.showPeople([...this.people.values()], this.open);
    }

    failed(error) {
        if (LOGGED_OUT.includes(error.response?.status)) {
            clearInterval(this.pollTimer);
            this.view.showSignedOut();
        } else if (!error.isAxiosError) {
            throw error;
        }
    }
}
