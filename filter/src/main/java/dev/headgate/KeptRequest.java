package dev.headgate;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.security.Principal;
import java.util.HashSet;
import java.util.Set;

/**
 * A request that leaves its thread and remembers who its user is: security filters often look that up by thread. All
 * else, session and attributes included, is the request's own.
 */
final class KeptRequest extends HttpServletRequestWrapper {

    private final Principal principal;
    private final String remoteUser;
    private final String authType;
    private final Set<String> asked;
    private final Set<String> held = new HashSet<>();

    /**
     * Has to be made on the thread that the container gave the request.
     *
     * @param roles those that may be asked for later
     */
    KeptRequest(HttpServletRequest request, Set<String> roles) {
        super(request);
        principal = request.getUserPrincipal();
        remoteUser = request.getRemoteUser();
        authType = request.getAuthType();
        asked = roles;
        for (String role : roles) {
            if (request.isUserInRole(role)) {
                held.add(role);
            }
        }
    }

    @Override
    public Principal getUserPrincipal() {
        return principal;
    }

    @Override
    public String getRemoteUser() {
        return remoteUser;
    }

    @Override
    public String getAuthType() {
        return authType;
    }

    @Override
    public boolean isUserInRole(String role) {
        return asked.contains(role) ? held.contains(role) : super.isUserInRole(role);
    }
}
