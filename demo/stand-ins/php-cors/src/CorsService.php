<?php

// SPDX-License-Identifier: MIT
//
// Stand-in for fruitcake/php-cors: the framework's HandleCors middleware asks for this class on every
// request. The demo is served from one origin, so no request is a cross-origin one and no header is added.

declare(strict_types=1);

namespace Fruitcake\Cors;

use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;

final class CorsService
{
    /** @param array<string, mixed> $options */
    public function setOptions(array $options): void
    {
    }

    public function isPreflightRequest(Request $request): bool
    {
        return false;
    }

    public function handlePreflightRequest(Request $request): Response
    {
        return new Response('', Response::HTTP_NO_CONTENT);
    }

    public function varyHeader(Response $response, string $header): Response
    {
        return $response;
    }

    public function addActualRequestHeaders(Response $response, Request $request): Response
    {
        return $response;
    }
}
