@extends('layout')

@section('body')
<body class="login">
<main class="login-card">
    <img class="login-logo" src="/favicon.svg" alt="" width="56" height="56">
    <h1>{{ __('chat.login.heading') }}</h1>
    <p class="login-lead">{{ __('chat.login.lead') }}</p>

    @foreach ($readyLogins as $user)
        <form method="post" action="{{ route('login') }}">
            @csrf
            <input type="hidden" name="email" value="{{ $user->email }}">
            <input type="hidden" name="password" value="{{ $readyPassword }}">
            <button class="login-as" type="submit" aria-label="{{ __('chat.login.as', ['name' => $user->name]) }}">
                <img src="{{ $user->avatar }}" alt="" width="44" height="44">
                <span>{{ $user->name }}<small>{{ $user->email }}</small></span>
                <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5l7 7-7 7"/></svg>
            </button>
        </form>
    @endforeach

    <p class="login-or"><span>{{ __('chat.login.or') }}</span></p>

    <form class="login-form" method="post" action="{{ route('login') }}">
        @csrf
        @error('email')
            <p class="problem" id="problem" role="alert">{{ $message }}</p>
        @enderror
        <label for="email">{{ __('chat.login.email') }}</label>
        <input id="email" type="email" name="email" value="{{ old('email') }}" required autocomplete="username"
            @error('email') aria-invalid="true" aria-describedby="problem" autofocus @enderror>
        <label for="password">{{ __('chat.login.password') }}</label>
        <input id="password" type="password" name="password" required autocomplete="current-password">
        <label class="check"><input type="checkbox" name="remember" value="1"> {{ __('chat.login.remember') }}</label>
        <button class="primary" type="submit">{{ __('chat.login.submit') }}</button>
    </form>
    <p class="login-hint">{{ __('chat.login.hint', ['password' => $readyPassword]) }}</p>
</main>
</body>
@endsection
