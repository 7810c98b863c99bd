<?php

// SPDX-License-Identifier: MIT

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;

/**
 * Tabs share one session: after another login in one of them, a page of the user before would go on
 * reading and writing as the new one. Such a page names its user, and learns that it is logged out.
 */
class SameUser
{
    public function handle(Request $request, Closure $next): Response
    {
        $user = $request->header('X-Chat-User');
        abort_if($user !== null && $user !== (string) $request->user()->id, 401);

        return $next($request);
    }
}
