<?php

// SPDX-License-Identifier: MIT

/*
 * The classes that an application has up to Laravel 10, cut to what the tests need. Laravel 11 and
 * later have none of them.
 */

declare(strict_types=1);

namespace App\Console {
    class Kernel extends \Illuminate\Foundation\Console\Kernel
    {
        protected function commands(): void
        {
            require base_path('routes/console.php');
        }
    }
}

namespace App\Exceptions {
    class Handler extends \Illuminate\Foundation\Exceptions\Handler
    {
    }
}

namespace App\Http\Middleware {
    class VerifyCsrfToken extends \Illuminate\Foundation\Http\Middleware\VerifyCsrfToken
    {
        protected $except = ['*'];
    }
}

namespace App\Http {
    class Kernel extends \Illuminate\Foundation\Http\Kernel
    {
        protected $middleware = [
            \Illuminate\Foundation\Http\Middleware\ValidatePostSize::class,
            \Illuminate\Foundation\Http\Middleware\TrimStrings::class,
            \Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull::class,
        ];

        protected $middlewareGroups = [
            'web' => [
                \Illuminate\Cookie\Middleware\EncryptCookies::class,
                \Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse::class,
                \Illuminate\Session\Middleware\StartSession::class,
                \Illuminate\View\Middleware\ShareErrorsFromSession::class,
                Middleware\VerifyCsrfToken::class,
                \Illuminate\Routing\Middleware\SubstituteBindings::class,
            ],
        ];
    }
}

namespace App\Providers {
    use Illuminate\Support\Facades\Broadcast;
    use Illuminate\Support\Facades\Route;

    class BroadcastServiceProvider extends \Illuminate\Support\ServiceProvider
    {
        public function boot(): void
        {
            Broadcast::routes();

            require base_path('routes/channels.php');
        }
    }

    class EventServiceProvider extends \Illuminate\Foundation\Support\Providers\EventServiceProvider
    {
    }

    class RouteServiceProvider extends \Illuminate\Foundation\Support\Providers\RouteServiceProvider
    {
        public function boot(): void
        {
            $this->routes(static function (): void {
                Route::middleware('web')->group(base_path('routes/web.php'));
            });
        }
    }
}
