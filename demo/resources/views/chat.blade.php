@extends('layout')

@push('meta')
    <meta name="clairon-key" content="{{ config('broadcasting.connections.clairon.key') }}">
    <meta name="clairon-host" content="{{ config('chat.socket.host') }}">
    <meta name="clairon-port" content="{{ config('chat.socket.port') }}">
@endpush

@push('scripts')
    @vite('resources/js/app.js')
@endpush

@php($texts = __('chat.page'))

@section('body')
<body class="chat" data-view="{{ $state['open'] ? 'conversation' : 'list' }}">
<div class="app">
    <div class="banner" id="banner" role="status" hidden><span class="pulse" aria-hidden="true"></span><span id="banner-text"></span></div>

    <nav class="side" aria-label="{{ $texts['people'] }}">
        <header class="side-head">
            <img class="logo" src="/favicon.svg" alt="" width="34" height="34">
            <h1>{{ $texts['app'] }}</h1>
            <button class="round" type="button" id="sound" aria-pressed="true">
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 9.5v5h3.5l4.5 4v-13l-4.5 4z"/><path class="waves" d="M16.5 9a4.2 4.2 0 010 6M18.8 6.6a7.6 7.6 0 010 10.8"/><path class="cross" d="M16.5 9.5l5 5M21.5 9.5l-5 5"/></svg>
            </button>
        </header>
        <label class="search">
            <span class="quiet">{{ $texts['search'] }}</span>
            <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="11" cy="11" r="6.2"/><path d="M15.7 15.7L20 20"/></svg>
            <input type="search" id="search" placeholder="{{ $texts['search'] }}" autocomplete="off">
        </label>
        <ul class="people" id="people"></ul>
        <p class="nobody" id="nobody" hidden>{{ $texts['no_person_found'] }}</p>
        <footer class="side-foot">
            <img class="avatar-image" src="{{ $state['me']['avatar'] }}" alt="" width="36" height="36">
            <span class="side-me" id="me">{{ $state['me']['name'] }}</span>
            <form method="post" action="{{ route('logout') }}">
                @csrf
                <button class="round" type="submit" title="{{ $texts['logout'] }}" aria-label="{{ $texts['logout'] }}">
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M14 5H6.5A1.5 1.5 0 005 6.5v11A1.5 1.5 0 006.5 19H14M10 12h10M16.5 8.5L20 12l-3.5 3.5"/></svg>
                </button>
            </form>
        </footer>
    </nav>

    <main class="main">
        <section class="conversation" id="conversation" aria-labelledby="with-name" hidden>
            <header class="main-head">
                <a class="round back" id="back" href="{{ route('chat') }}" title="{{ $texts['back'] }}" aria-label="{{ $texts['back'] }}">
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M15 5l-7 7 7 7"/></svg>
                </a>
                <img class="avatar-image" id="with-avatar" src="data:," alt="" width="42" height="42">
                <div>
                    <h2 id="with-name"></h2>
                    <p class="with-status" id="with-status"></p>
                </div>
            </header>

            <div class="thread" id="thread" tabindex="0" role="log" aria-live="polite" aria-relevant="additions" aria-labelledby="with-name">
                <p class="older"><button class="pill" type="button" id="older" hidden>{{ $texts['older'] }}</button></p>
                <p class="older" id="not-loaded" role="alert" hidden>{{ $texts['load_failed'] }} <button class="pill" type="button" id="retry-load">{{ $texts['retry'] }}</button></p>
                <div class="nothing" id="empty" hidden>
                    <svg viewBox="0 0 120 96" aria-hidden="true"><path class="back-bubble" d="M20 8h56a12 12 0 0112 12v26a12 12 0 01-12 12H42L26 72V58h-6A12 12 0 018 46V20A12 12 0 0120 8z"/><path class="front-bubble" d="M62 34h38a12 12 0 0112 12v20a12 12 0 01-12 12h-4v12L82 78H62a12 12 0 01-12-12V46a12 12 0 0112-12z"/><g class="dots"><circle cx="69" cy="56" r="4"/><circle cx="82" cy="56" r="4"/><circle cx="95" cy="56" r="4"/></g></svg>
                    <h3>{{ $texts['begin'] }}</h3>
                    <p id="empty-hint"></p>
                </div>
                <ol class="messages" id="messages"></ol>
            </div>

            <div class="foot">
                <button class="pill jump" type="button" id="jump" hidden>{{ $texts['newer'] }} <span aria-hidden="true">↓</span></button>
                <p class="typing" aria-live="polite"><span id="typing" hidden><span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span> <span id="typing-name"></span></span></p>
                <form class="composer" id="composer">
                    <label class="quiet" for="text">{{ $texts['placeholder'] }}</label>
                    <textarea id="text" rows="1" maxlength="{{ $state['maxLength'] }}" placeholder="{{ $texts['placeholder'] }}" enterkeyhint="send"></textarea>
                    <button class="send" id="send" type="submit" title="{{ $texts['send'] }}" aria-label="{{ $texts['send'] }}" disabled>
                        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12L20 4.5 15 20l-4-6.5z"/><path d="M11 13.5L20 4.5"/></svg>
                    </button>
                </form>
            </div>
        </section>

        <section class="welcome" id="welcome" hidden>
            <img src="/favicon.svg" alt="" width="96" height="96">
            <h2>{{ $texts['choose'] }}</h2>
            <p>{{ $texts['choose_hint'] }}</p>
        </section>
    </main>
</div>
<script type="application/json" id="chat-state">{!! Illuminate\Support\Js::encode($state) !!}</script>
</body>
@endsection
