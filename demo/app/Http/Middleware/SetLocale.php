<?php

// SPDX-License-Identifier: MIT

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\App;
use Symfony\Component\HttpFoundation\Response;

/** Speaks the browser's language, as far as the demo knows it. */
class SetLocale
{
    private const LOCALES = ['en', 'fr'];

    public function handle(Request $request, Closure $next): Response
    {
        App::setLocale($request->getPreferredLanguage(self::LOCALES) ?? self::LOCALES[0]);

        $response = $next($request);
        $response->headers->set('Content-Language', App::getLocale());
        $response->setVary('Accept-Language', false);

        return $response;
    }
}
