<?php

return [

    /*
    |--------------------------------------------------------------------------
    | Ready-made logins
    |--------------------------------------------------------------------------
    |
    | Offered on the login page with one click each, all with one password.
    |
    */

    'ready_logins' => ['camille@example.com', 'noah@example.com'],

    'ready_password' => 'clairon',

];
