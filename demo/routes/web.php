<?php

use App\Http\Controllers\ChatController;
use App\Http\Controllers\LoginController;
use App\Http\Controllers\MessageController;
use App\Http\Middleware\SameUser;
use Illuminate\Support\Facades\Route;

Route::redirect('/', '/chat');

Route::middleware('guest')->group(function () {
    Route::get('/login', [LoginController::class, 'show'])->name('login');
    Route::post('/login', [LoginController::class, 'login'])->middleware('throttle:60,1');
});

Route::middleware(['auth', SameUser::class])->group(function () {
    Route::post('/logout', [LoginController::class, 'logout'])->name('logout');

    Route::get('/chat/{user?}', [ChatController::class, 'show'])->whereNumber('user')->name('chat');

    Route::get('/messages', [MessageController::class, 'list']);
    Route::post('/messages', [MessageController::class, 'sendMessage']);
    Route::get('/messages/with/{user}', [MessageController::class, 'history'])->whereNumber('user');
    Route::post('/messages/{message}/read', [MessageController::class, 'markAsRead'])->whereNumber('message');
});
