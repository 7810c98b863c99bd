<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures\Models;

use Illuminate\Database\Eloquent\Model;
use Illuminate\Foundation\Auth\User as Authenticatable;

class Message extends Model
{
    public $timestamps = false;

    protected $guarded = [];
}

class User extends Authenticatable
{
    public $timestamps = false;

    protected $guarded = [];
}
